AlwaysVisible = object()


class Script:
    def title(self):
        raise NotImplementedError

    def ui(self, is_img2img):
        pass

    def show(self, is_img2img):
        return True

    def postprocess(self, p, processed, *args):
        pass
