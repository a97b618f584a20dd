"""Networks and tensors of random numbers."""

import torch


def fill(network, seed=0):
    """Give a network random parameters of a sane scale, stored variances included."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            noise = torch.randn(value.shape, generator=draw)
            inputs = value[0].numel() if value.ndim > 1 else 1
            scale = inputs**-0.5 if value.ndim > 1 else 0.3
            value.copy_(noise * scale + (1.0 if name.endswith(("norm.weight", "var")) else 0.0))
            if name.endswith("running_var"):
                value.abs_().add_(0.1)
            if name.endswith(("weight_u", "weight_v")):
                value.copy_(noise / noise.norm())
    return network.eval().requires_grad_(requires_grad=False)


def rand(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def assert_close(got, wanted, tolerance=1e-5):
    assert got.shape == wanted.shape
    assert (got - wanted).abs().max() <= tolerance * max(1.0, float(wanted.abs().max()))
