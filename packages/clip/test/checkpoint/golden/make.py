"""Makes the small PyTorch files in this folder (PyTorch 1.13, CPU): python3 make.py

legacy.pth, legacy-tar.pth and state.safetensors are one state, with a strided view and a Parameter in it: the first by torch.save(...,
_use_new_zipfile_serialization=False), the second by tarfile in the form of torch.save before 0.1.10, which torch.load of 1.13 reads.
"""

import collections

import torch


def counting(*shape, dtype=torch.float32):
    n = 1
    for size in shape:
        n *= size
    return torch.arange(n, dtype=torch.float32).reshape(shape).to(dtype)


# Views, every dtype, a parameter, plain things beside the weights.
base = counting(4, 6)
state = collections.OrderedDict(
    whole=base,
    transposed=base.t(),
    column=base[:, 2],
    window=base[1:3, 1:5],
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(counting(3)),
    bf16=counting(5, dtype=torch.bfloat16),
    f16=counting(5, dtype=torch.float16),
    f64=counting(2, dtype=torch.float64),
    i64=torch.tensor([-1, 2**40]),
    u8=torch.tensor([0, 255], dtype=torch.uint8),
    flags=torch.tensor([True, False]),
)
extras = dict(epoch=3, name="views", lr=0.5, dtype=torch.float16, device=torch.device("cpu"), size=torch.Size([1, 2]), betas=(0.9, 0.999), none=None)
torch.save(dict(extras, model_state=state), "views.pt")
torch.save(dict(extras, model_state=state), "views-protocol4.pt", pickle_protocol=4)
torch.save([counting(2, 3), counting(2, 3) + 6], "list.pt")
torch.save(dict(w=counting(2)), "legacy.pt", _use_new_zipfile_serialization=False)


# A TorchScript archive with the module tree that OpenAI's CLIP files have.
class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 4, 2, 2, bias=False)
        self.resblocks = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LayerNorm(4))

    def forward(self, x):
        return self.resblocks(self.conv1(x).flatten(2).mean(2))


class Clip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Tower()
        self.logit_scale = torch.nn.Parameter(torch.tensor(4.5))
        self.context_length = 77

    def forward(self, x):
        return self.visual(x) * self.logit_scale.exp()


clip = Clip()
for p in clip.parameters():
    p.data = counting(*p.shape) if p.ndim else p.data
torch.jit.script(clip).save("script.pt")
