"""Muon: momentum made orthogonal, for weight matrices; AdamW for everything else.

Source: https://kellerjordan.github.io/posts/muon/ ; the step's size as in
https://arxiv.org/abs/2502.16982, so that one learning rate serves both kinds of parameter.
"""
import torch
import torch.distributed as dist


@torch.no_grad()
def orthogonal(matrix, iterations=4):
    """The nearest half-orthogonal matrix, roughly, by Newton-Schulz iterations in bfloat16."""
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return (x.T if tall else x).float()


class Muon(torch.optim.Optimizer):
    """For parameters of two or more dimensions; a convolution counts as [out, in * height * width].

    With several processes (equal gradients in each), every process makes its share of the updates
    orthogonal, and one all-reduce brings them together.
    """

    def __init__(self, params, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        several = dist.is_initialized()
        rank, processes = (dist.get_rank(), dist.get_world_size()) if several else (0, 1)
        for group in self.param_groups:
            parameters = group["params"]
            updates = torch.zeros(sum(p.numel() for p in parameters), device=parameters[0].device)
            parts = updates.split([p.numel() for p in parameters])
            for index, (parameter, part) in enumerate(zip(parameters, parts)):
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                if index % processes == rank:
                    direction = parameter.grad.lerp(momentum, group["momentum"]).flatten(1)
                    scale = 0.2 * max(direction.shape) ** 0.5
                    part.copy_(orthogonal(direction).reshape(-1) * scale)
            if several:
                dist.all_reduce(updates)
            for parameter, part in zip(parameters, parts):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(part.view_as(parameter), alpha=-group["lr"])
