"""Five training steps of InCTRL's heads in PyTorch, in float64 and float32: which recorded values are chance.

    python3 train_twins.py DIR        DIR is a folder in the form of golden/tiny, with train-*.safetensors

Prints, for each form of the loss, how far the recorded values lie from a float64 twin, and how far float32 does over 25
orders of the same batch, which in exact arithmetic change nothing: first as PyTorch trains, then with the gradients of
biases in front of a batch norm set to zero where they are rounding. src/parity/chance.ts rests on these figures.
"""

import sys

import torch
import torch.nn.functional as F
from make_fixtures import read_safetensors

ROUNDING, STEPS, ORDERS, TOLERANCE = 3e-4, 5, 25, 1e-4


class Heads:
    def __init__(self, state, trained, dtype):
        self.state = {name: value.to(dtype).clone() for name, value in state.items()}
        self.trained = [self.state[name].requires_grad_(True) for name in trained]

    def psi(self, x):
        for name in ("adapter.fc.0.weight", "adapter.fc.2.weight"):
            x = (x @ self.state[name].T).relu()
        return x

    def head(self, x, name):
        at = lambda part: self.state[f"{name}.{part}"]
        for i in (1, 2):
            x = (x @ at(f"projection{i}.weight").T + at(f"projection{i}.bias")).relu()
            bn = f"bn{i + 1}."
            x = F.batch_norm(x, at(bn + "running_mean"), at(bn + "running_var"), at(bn + "weight"), at(bn + "bias"), True, 0.1, 1e-5)
        return torch.sigmoid(x @ at("projection3.weight").T + at("projection3.bias")).squeeze(-1)


def focal(output, labels, form):
    entropy = F.binary_cross_entropy_with_logits if form == "logits" else F.binary_cross_entropy
    loss = entropy(output, labels, reduction="none")
    return ((1 - torch.exp(-loss)) ** 2 * loss).mean()


def zero_idle(state, trained):
    for name in trained:
        if name.endswith(("projection1.bias", "projection2.bias")):
            row = state[name.replace("bias", "weight")].grad.abs().amax(1)
            gradient = state[name].grad
            gradient[gradient.abs() < ROUNDING * row] = 0


def train(state, golden, prompts, form, dtype, order, cleaned):
    trained = [name[5:] for name in golden if name.startswith("grad.")]
    heads = Heads(state, trained, dtype)
    take = lambda name: golden[name].to(dtype)[order]
    query, maps, s_p, s_a, labels = map(take, ("out.query_token", "out.residual_map", "out.s_p", "out.s_a", "labels"))
    prompts = prompts.to(dtype)[order]
    optimizer = torch.optim.AdamW(heads.trained, lr=1e-3, weight_decay=0.01)
    made = {}
    for step in range(STEPS):
        s_i = heads.head(heads.psi(prompts).mean(1) - heads.psi(query), "diff_head_ref")
        score = (heads.head(maps + (s_i + s_a)[:, None], "diff_head") + s_p) / 2
        losses = torch.stack([focal(score, labels, form), focal(s_i, labels, form)])
        optimizer.zero_grad()
        losses.sum().backward()
        if cleaned:
            zero_idle(heads.state, trained)
        optimizer.step()
        made[f"loss.{step}"] = losses.detach()
        made.update((f"step{step + 1}.{name}", value.detach().clone()) for name, value in heads.state.items())
    return {name: value for name, value in made.items() if name in golden and not name.endswith("tracked")}


def differences(got, want, worst):
    for name, value in got.items():
        error = (value.double() - want[name].double()).abs()
        largest, count = worst.get(name, (0, 0))
        worst[name] = max(largest, error.max().item()), max(count, (error > TOLERANCE).sum().item())


def show(title, worst, sizes):
    print(f"  {title}")
    off = {name: value for name, value in worst.items() if value[1]}
    for name, (largest, count) in off.items():
        print(f"    {name:42} {largest:.1e}, {count} of {sizes[name]} above {TOLERANCE}")
    if not off:
        print(f"    nothing above {TOLERANCE}; the largest is {max(value[0] for value in worst.values()):.1e}")


def report(folder, form):
    golden = read_safetensors(f"{folder}/train-{form}.safetensors")
    forward = read_safetensors(f"{folder}/forward.safetensors")
    state = torch.load(f"{folder}/inctrl.pyth", map_location="cpu")
    state = {name: value for name, value in state.items() if name.startswith(("adapter", "diff_head"))}
    batch = len(golden["labels"])
    prompts = forward["out.prompt_token"].reshape(batch, -1, forward["out.prompt_token"].shape[-1])
    run = lambda dtype, order, cleaned: train(state, golden, prompts, form, dtype, order, cleaned)
    same = torch.arange(batch)
    orders = [same, *(torch.randperm(batch, generator=torch.Generator().manual_seed(i)) for i in range(1, ORDERS))]
    twin = run(torch.float64, same, False)
    sizes = {name: value.numel() for name, value in twin.items()}
    print(f"{form}: differences from the float64 twin")
    for title, runs in (
        ("recorded values", [{name: golden[name] for name in twin}]),
        ("float64 with idle gradients zeroed", [run(torch.float64, same, True)]),
        (f"float32, {ORDERS} orders", (run(torch.float32, order, False) for order in orders)),
        (f"float32 with idle gradients zeroed, {ORDERS} orders", (run(torch.float32, order, True) for order in orders)),
    ):
        worst = {}
        for made in runs:
            differences(made, twin, worst)
        show(title, worst, sizes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for form in ("logits", "probability"):
        report(sys.argv[1], form)
