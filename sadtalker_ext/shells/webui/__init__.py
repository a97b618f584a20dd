"""The extension's side of the WebUI: tab, settings, buttons, always-on script, REST mounting."""
