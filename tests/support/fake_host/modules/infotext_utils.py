paste_fields = {}


def add_paste_fields(tabname, init_img, fields, override_settings_component=None):
    paste_fields[tabname] = {"init_img": init_img, "fields": fields}


def image_from_url_text(filedata):
    return filedata[0] if isinstance(filedata, list) else filedata
