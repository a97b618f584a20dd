from types import SimpleNamespace

from modules import options, shared_state  # noqa: TID251  this is the fake

OptionInfo = options.OptionInfo
OptionHTML = options.OptionHTML
opts = options.Options({}, [])
opts.data.update(
    save_to_dirs=True,
    directories_filename_pattern="[date]",
    hidden_tabs=[],
    code_former_weight=0.5,
    api_enable_requests=True,
    api_useragent="",
)
cmd_opts = SimpleNamespace(
    use_cpu=[],
    no_half=False,
    precision="autocast",
    hide_ui_dir_config=False,
    api=True,
    nowebui=False,
    api_auth=None,
    port=None,
    cors_allow_origins=None,
    sadtalker_weights_dir=None,
    sadtalker_no_api=False,
)
state = shared_state.State()
face_restorers = []
sd_upscalers = []
demo = None
