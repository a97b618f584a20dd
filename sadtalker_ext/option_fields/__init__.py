"""The declarations of all options, by what they are about; `options` joins them."""
