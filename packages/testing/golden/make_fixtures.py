"""A from-scratch PyTorch reference of InCTRL, and the parity fixtures made with it.

    python3 make_fixtures.py                    rewrites the fixtures of this folder
    python3 make_fixtures.py --check DIR        holds the reference against another fixture's forward.safetensors
    python3 make_fixtures.py --make OUT CASE    writes one case of CASES with every checkpoint form

Needs PyTorch (made with 1.13, CPU). The forward runs in float64 and is stored in float32. To stay small the
committed fixtures hold weights that float16 stores exactly, in one storage a checkpoint, and whole-number pixels.
"""

import argparse
import json
import os
import struct
from collections import OrderedDict

import torch
import torch.nn.functional as F

DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.int32: "I32", torch.int8: "I8", torch.int64: "I64"}
TYPES = {name: dtype for dtype, name in DTYPES.items()}
HIDDEN = (128, 64)


# ---- safetensors -------------------------------------------------------------------------------------------------


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, value in tensors.items():
        raw = value.contiguous().numpy().tobytes()
        header[name] = dict(dtype=DTYPES[value.dtype], shape=list(value.shape), data_offsets=[len(body), len(body) + len(raw)])
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = OrderedDict()
    for name, entry in header.items():
        start, end = (8 + length + at for at in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[start:end]), dtype=TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


# ---- the reference, from the paper and the list of names and shapes ------------------------------------------------


class Reference:
    def __init__(self, config, state):
        self.config = config
        self.state = {name: value.double() for name, value in state.items()}

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.state[name + ".weight"], self.state[name + ".bias"], 1e-5)

    def linear(self, x, weight, bias):
        return x @ self.state[weight].T + self.state[bias]

    def activation(self, x):
        return x * torch.sigmoid(1.702 * x) if self.config.get("quick_gelu") else F.gelu(x)

    def attend(self, x, name, heads, causal):
        batch, tokens, width = x.shape
        q, k, v = self.linear(x, name + ".in_proj_weight", name + ".in_proj_bias").chunk(3, -1)
        split = lambda t: t.reshape(batch, tokens, heads, width // heads).transpose(1, 2)
        scores = split(q) @ split(k).transpose(2, 3) / (width // heads) ** 0.5
        if causal:
            scores = scores + torch.full((tokens, tokens), float("-inf"), dtype=x.dtype).triu(1)
        mixed = (scores.softmax(-1) @ split(v)).transpose(1, 2).reshape(batch, tokens, width)
        return self.linear(mixed, name + ".out_proj.weight", name + ".out_proj.bias")

    def block(self, x, name, heads, causal):
        x = x + self.attend(self.norm(x, name + ".ln_1"), name + ".attn", heads, causal)
        inner = self.linear(self.norm(x, name + ".ln_2"), name + ".mlp.c_fc.weight", name + ".mlp.c_fc.bias")
        return x + self.linear(self.activation(inner), name + ".mlp.c_proj.weight", name + ".mlp.c_proj.bias")

    def image(self, pixels):
        """The projected class feature, and every block's raw output."""
        cfg = self.config["vision_cfg"]
        patches = F.conv2d(pixels.double(), self.state["visual.conv1.weight"], stride=cfg["patch_size"])
        patches = patches.flatten(2).transpose(1, 2)
        cls = self.state["visual.class_embedding"].expand(len(pixels), 1, -1)
        x = torch.cat([cls, patches], 1) + self.state["visual.positional_embedding"]
        x = self.norm(x, "visual.ln_pre")
        blocks = []
        for i in range(cfg["layers"]):
            x = self.block(x, f"visual.transformer.resblocks.{i}", cfg["width"] // cfg["head_width"], False)
            blocks.append(x)
        return self.norm(x[:, 0], "visual.ln_post") @ self.state["visual.proj"], blocks

    def text(self, ids):
        cfg = self.config["text_cfg"]
        x = self.state["token_embedding.weight"][ids.long()] + self.state["positional_embedding"][: ids.shape[1]]
        for i in range(cfg["layers"]):
            x = self.block(x, f"transformer.resblocks.{i}", cfg["heads"], True)
        ends = self.norm(x, "ln_final")[torch.arange(len(ids)), ids.argmax(-1)]
        return ends @ self.state["text_projection"]

    def psi(self, x):
        for name in ("adapter.fc.0.weight", "adapter.fc.2.weight"):
            x = (x @ self.state[name].T).relu()
        return x

    def head(self, x, name):
        for i in (1, 2):
            x = self.linear(x, f"{name}.projection{i}.weight", f"{name}.projection{i}.bias").relu()
            bn = f"{name}.bn{i + 1}."
            mean, var = self.state[bn + "running_mean"], self.state[bn + "running_var"]
            x = (x - mean) / (var + 1e-5).sqrt() * self.state[bn + "weight"] + self.state[bn + "bias"]
        return self.linear(x, name + ".projection3.weight", name + ".projection3.bias").sigmoid().squeeze(-1)

    def forward(self, query, prompts, normal_ids, abnormal_ids):
        """query (B, 3, S, S), prompts (B, K, 3, S, S): every value of a fixture by name."""
        unit = lambda x: F.normalize(x, dim=-1)
        taps = self.config["out_blocks"]
        batch, shots = prompts.shape[:2]
        texts = self.text(normal_ids)
        prototypes = torch.stack([unit(unit(t).mean(0)) for t in (texts, self.text(abnormal_ids))])
        token, blocks = self.image(query)
        prompt_token, prompt_blocks = self.image(prompts.flatten(0, 1))
        layers = []
        for tap in taps:
            q = unit(blocks[tap - 1][:, 1:])
            p = unit(prompt_blocks[tap - 1][:, 1:]).reshape(batch, -1, q.shape[-1])
            layers.append(0.5 * (1 - (q @ p.transpose(1, 2)).amax(-1)))
        layer_maps = torch.stack(layers, 1)
        residual_map = layer_maps.mean(1)
        adapted = self.psi(prompt_token).reshape(batch, shots, -1).mean(1)
        image_residual = adapted - self.psi(token)
        s_i = self.head(image_residual, "diff_head_ref")
        s_a = (100 * unit(token) @ prototypes.T).softmax(-1)[:, 1]
        s_p = residual_map.amax(1)
        holistic_map = residual_map + s_i[:, None] + s_a[:, None]
        hl = self.head(holistic_map, "diff_head")
        out = dict(query_token=token, prompt_token=prompt_token, layer_maps=layer_maps, residual_map=residual_map,
                   image_residual=image_residual, s_i=s_i, s_a=s_a, holistic_map=holistic_map, hl=hl, s_p=s_p,
                   score=(hl + s_p) / 2)
        values = OrderedDict(text_features_normal=texts, prototypes=prototypes, image_features=token)
        values.update((f"block_{tap}", blocks[tap - 1]) for tap in taps)
        values.update((f"out.{name}", value) for name, value in out.items())
        return values


# ---- making a fixture ----------------------------------------------------------------------------------------------


def shapes_of(config):
    """Names and shapes of the two towers, then of the heads."""
    vision, text, embed = config["vision_cfg"], config["text_cfg"], config["embed_dim"]
    clip, heads = OrderedDict(), OrderedDict()
    grid = vision["image_size"] // vision["patch_size"]

    def norm(name, width, into=clip):
        into[name + ".weight"] = into[name + ".bias"] = (width,)

    def linear(name, out, inner, into=clip):
        into[name + ".weight"], into[name + ".bias"] = (out, inner), (out,)

    def blocks(prefix, cfg):
        width, hidden = cfg["width"], int(cfg["width"] * cfg.get("mlp_ratio", 4))
        for i in range(cfg["layers"]):
            name = f"{prefix}transformer.resblocks.{i}"
            norm(name + ".ln_1", width)
            clip[name + ".attn.in_proj_weight"], clip[name + ".attn.in_proj_bias"] = (3 * width, width), (3 * width,)
            linear(name + ".attn.out_proj", width, width)
            norm(name + ".ln_2", width)
            linear(name + ".mlp.c_fc", hidden, width)
            linear(name + ".mlp.c_proj", width, hidden)

    clip["positional_embedding"] = (text["context_length"], text["width"])
    clip["text_projection"] = (text["width"], embed)
    clip["logit_scale"] = ()
    clip["visual.class_embedding"] = (vision["width"],)
    clip["visual.positional_embedding"] = (1 + grid * grid, vision["width"])
    clip["visual.proj"] = (vision["width"], embed)
    clip["visual.conv1.weight"] = (vision["width"], 3, vision["patch_size"], vision["patch_size"])
    norm("visual.ln_pre", vision["width"])
    norm("visual.ln_post", vision["width"])
    blocks("visual.", vision)
    blocks("", text)
    clip["token_embedding.weight"] = (text["vocab_size"], text["width"])
    norm("ln_final", text["width"])
    heads["adapter.fc.0.weight"], heads["adapter.fc.2.weight"] = (embed // 4, embed), (embed, embed // 4)
    for name, width in (("diff_head", grid * grid), ("diff_head_ref", embed)):
        sizes = (width, *HIDDEN, 1)
        for i in (1, 2, 3):
            linear(f"{name}.projection{i}", sizes[i], sizes[i - 1], heads)
        for i in (1, 2, 3):
            norm(f"{name}.bn{i}", sizes[i - 1], heads)
            heads[f"{name}.bn{i}.running_mean"] = heads[f"{name}.bn{i}.running_var"] = (sizes[i - 1],)
    return clip, heads


def draw(name, shape, generator):
    """Values that keep every part of the model awake; rounded to float16, so that any form stores them exactly."""
    noise = torch.randn(shape, generator=generator)
    last = name.rsplit(".", 1)[-1]
    if name == "logit_scale":
        value = torch.tensor(4.5)
    elif last == "running_var":
        value = 0.5 + noise.abs()
    elif "ln_" in name or ".bn" in name:
        value = 1 + 0.2 * noise if last == "weight" else 0.2 * noise
    elif last in ("bias", "in_proj_bias"):
        value = 0.2 * noise
    elif "embedding" in name:
        value = 0.5 * noise
    else:
        inputs = shape[0] if name in ("visual.proj", "text_projection") else noise[0].numel()
        value = noise / inputs**0.5
    return value.half().float()


def one_storage(state, dtype):
    """The same tensors as views of one storage, in order."""
    flat = torch.cat([value.flatten() for value in state.values()]).to(dtype)
    views, at = OrderedDict(), 0
    for name, value in state.items():
        views[name] = flat[at : at + value.numel()].reshape(value.shape)
        at += value.numel()
    return views


def make(folder, config, batch, shots, lengths, seed, compact=False):
    os.makedirs(folder, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    clip_shapes, head_shapes = shapes_of(config)
    clip = OrderedDict((name, draw(name, shape, generator)) for name, shape in clip_shapes.items())
    heads = OrderedDict((name, draw(name, shape, generator)) for name, shape in head_shapes.items())
    model = OrderedDict([*clip.items(), *heads.items()])

    size, text = config["vision_cfg"]["image_size"], config["text_cfg"]
    scene = 1.2 * torch.randn(batch, 1, 3, size, size, generator=generator)
    images = scene + 0.8 * torch.randn(batch, 1 + shots, 3, size, size, generator=generator)
    images = images.round().clamp(-4, 4).to(torch.int8) if compact else images
    end = text["vocab_size"] - 1

    def sentences(count):
        ids = torch.zeros(count, max(lengths), dtype=torch.int32)
        for row in range(count):
            length = lengths[row % len(lengths)]
            ids[row, 1 : length - 1] = torch.randint(1, end - 1, (length - 2,), generator=generator, dtype=torch.int32)
            ids[row, 0], ids[row, length - 1] = end - 1, end
        return ids

    inputs = OrderedDict(query=images[:, 0], prompts=images[:, 1:], normal_ids=sentences(7), abnormal_ids=sentences(4))
    values = Reference(config, model).forward(**inputs)
    stored = OrderedDict((name, value.float()) for name, value in values.items())
    write_safetensors(os.path.join(folder, "forward.safetensors"), OrderedDict([*inputs.items(), *stored.items()]))
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(json.dumps(config, indent=1) + "\n")
    counters = {f"{name}.bn{i}.num_batches_tracked": torch.tensor(1000) for name in ("diff_head", "diff_head_ref") for i in (1, 2, 3)}
    at = lambda name: os.path.join(folder, name)
    if compact:
        torch.save(OrderedDict([*one_storage(model, torch.float16).items(), *counters.items()]), at("inctrl.pyth"))
    else:
        torch.save(OrderedDict([*model.items(), *counters.items()]), at("inctrl.pyth"))
    if compact != "one file":
        write_safetensors(at("clip.safetensors"), clip)
    if not compact:
        torch.save(dict(clip), at("clip.pt"))
        wrapped = OrderedDict(("module." + name, value.half()) for name, value in clip.items())
        torch.save(dict(epoch=3, name="trainer", state_dict=wrapped), at("clip-trainer-fp16.pt"))
    return values


def check(folder):
    """The largest difference of each value from a fixture's; the weights are those of its inctrl.pyth."""
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    state = torch.load(os.path.join(folder, "inctrl.pyth"), map_location="cpu")
    golden = read_safetensors(os.path.join(folder, "forward.safetensors"))
    inputs = {name: golden[name] for name in ("query", "prompts", "normal_ids", "abnormal_ids")}
    for name, value in Reference(config, state).forward(**inputs).items():
        print(f"{name:24} {(value - golden[name].double()).abs().max():.2e}  (largest {value.abs().max():.3g})")


def case(embed, image, patch, width, head, layers, taps, text, batch, shots, lengths, seed, quick=False, mlp=4, compact=False):
    context, vocab, text_width, text_heads, text_layers = text
    config = dict(embed_dim=embed, quick_gelu=quick,
                  vision_cfg=dict(image_size=image, layers=layers, width=width, head_width=head, patch_size=patch, mlp_ratio=mlp),
                  text_cfg=dict(context_length=context, vocab_size=vocab, width=text_width, heads=text_heads, layers=text_layers, mlp_ratio=mlp),
                  out_blocks=taps)
    return dict(config=config, batch=batch, shots=shots, lengths=lengths, seed=seed, compact=compact)


CASES = {
    # Patch 14, QuickGELU, one prompt, a 5 x 5 grid with a pixel left over, the last block not tapped.
    "patch14-one-shot": case(18, 71, 14, 15, 5, 3, [1, 2], (9, 81, 9, 3, 2), 1, 1, [7, 5, 3], 1, quick=True, mlp=2, compact="one file"),
    # Nothing a multiple of four, three prompts, blocks 1 and 3 of 3, texts as long as the context.
    "three-shot": case(11, 17, 5, 10, 5, 3, [1, 3], (9, 61, 9, 3, 2), 2, 3, [9, 6, 4], 2, mlp=2, compact=True),
    # Not kept: larger and stranger ones.
    "wide": case(18, 70, 14, 30, 10, 3, [1, 3], (11, 101, 27, 3, 2), 2, 1, [8, 6], 3, quick=True),
    "many": case(18, 70, 14, 30, 10, 3, [2], (11, 101, 27, 3, 2), 3, 5, [11, 8, 6], 4),
    "one-head": case(21, 33, 32, 33, 33, 1, [1], (77, 49, 21, 1, 1), 5, 3, [20, 3], 5, quick=True),
    "deep": case(33, 50, 7, 52, 13, 6, [1, 2, 3, 4, 5, 6], (13, 301, 35, 5, 3), 4, 2, [13, 12, 2], 6, mlp=3.5),
    "head64": case(130, 97, 8, 128, 64, 2, [2], (17, 701, 128, 2, 2), 2, 4, [9], 7),
    "head80": case(40, 56, 14, 160, 80, 2, [1], (6, 33, 80, 1, 2), 3, 1, [6, 5], 8, quick=True),
    "tiny-heads": case(5, 24, 4, 6, 1, 4, [2, 3, 4], (5, 9, 4, 4, 1), 7, 1, [5, 3], 9),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="DIR")
    parser.add_argument("--make", nargs=2, metavar=("OUT", "CASE"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.check:
        check(options.check)
    elif options.make:
        out, name = options.make
        make(out, **{**CASES[name], "compact": False})
    else:
        here = os.path.dirname(os.path.abspath(__file__))
        for name in ("patch14-one-shot", "three-shot"):
            make(os.path.join(here, name), **CASES[name])
