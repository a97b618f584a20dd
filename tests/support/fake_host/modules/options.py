class OptionInfo:
    def __init__(
        self,
        default=None,
        label="",
        component=None,
        component_args=None,
        onchange=None,
        section=None,
        refresh=None,
        comment_before="",
        comment_after="",
        infotext=None,
        restrict_api=False,
        category_id=None,
    ):
        self.default, self.label, self.component = default, label, component
        self.component_args, self.section = component_args, section
        self.comment_after = comment_after

    def info(self, info):
        self.comment_after += info
        return self

    def needs_reload_ui(self):
        self.comment_after += " (requires Reload UI)"
        return self


class OptionHTML(OptionInfo):
    def __init__(self, text):
        super().__init__(text)
        self.do_not_save = True


class Options:
    def __init__(self, data_labels, restricted_opts):
        self.data_labels = data_labels
        self.data = {}

    def __getattr__(self, item):
        if item in self.data:
            return self.data[item]
        raise AttributeError(item)

    def add_option(self, key, info):
        self.data_labels[key] = info
        self.data.setdefault(key, info.default)
