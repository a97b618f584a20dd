"""Loads the extension into the WebUI; everything else is in the package beside this folder.

No class may be defined here: the WebUI runs this file under a name Python does not know.
"""

from sadtalker_ext.shells.webui.register import register

AnimateScript = register()
