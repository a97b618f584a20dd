class FilenameGenerator:
    def __init__(self, p, seed, prompt, image, zip=False, basename=""):
        self.image = image

    def apply(self, x):
        known = {
            "[date]": "2026-11-20",
            "[width]": str(self.image.width),
            "[height]": str(self.image.height),
        }
        for token, value in known.items():
            x = x.replace(token, value)
        return x
