registered = {}


def on_before_ui(callback, *, name=None):
    registered["before_ui"] = callback


def on_ui_settings(callback, *, name=None):
    registered["ui_settings"] = callback


def on_ui_tabs(callback, *, name=None):
    registered["ui_tabs"] = callback


def on_after_component(callback, *, name=None):
    registered["after_component"] = callback


def on_app_started(callback, *, name=None):
    registered["app_started"] = callback
