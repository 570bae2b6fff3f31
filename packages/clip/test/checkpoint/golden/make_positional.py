"""Makes positional.json (PyTorch 1.13): python3 make_positional.py"""

import json

import torch
import torch.nn.functional as F

cases = []
for source, target, width in [(3, 5, 2), (5, 3, 2), (4, 7, 1), (7, 4, 1), (2, 1, 1), (1, 3, 1), (14, 15, 1), (15, 14, 1), (9, 2, 3)]:
    tokens = 1 + source * source
    values = torch.tensor([(i * 37 % 101) / 101 - 0.5 for i in range(tokens * width)]).reshape(tokens, width)
    grid = values[1:].reshape(1, source, source, width).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(target, target), mode="bicubic", antialias=True, align_corners=False)
    out = torch.cat([values[:1], grid.permute(0, 2, 3, 1).reshape(target * target, width)])
    cases.append(dict(**{"from": source}, to=target, width=width, values=[round(v, 7) for v in out.flatten().tolist()]))
json.dump(cases, open("positional.json", "w"))
