"""Makes tiny random models and PEFT adapters in the variants that users have, with goldens, and checks them.

    python make_goldens.py OUT [--only REGEX] [--graft ./graft]

Each model's folder gets golden.json (the base and each of its adapters, in the form that `./graft verify` reads) and
its adapters below adapters/. Goldens are computed in float32 from what was written, read back by transformers and PEFT.
With --graft each model is verified, whole prompts and slices of 7; what fails is listed at the end (exit 1).
Needs torch, transformers 5 and peft; their versions are written into each golden. variants.py lists what is made.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

import variants

LENGTHS = (1, 5, 23, 90)
GREEDY = 8


def randomise(model, generator):
    """Weights that keep activations near one and logits apart, so that a wrong factor anywhere shows."""
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if "norm" in name:
            value.data = 1 + 0.2 * noise
        elif name.endswith("bias"):
            value.data = 0.3 * noise
        elif "embed_tokens" in name:
            value.data = 0.3 * noise if model.config.tie_word_embeddings else noise
        elif "lm_head" in name or value.dim() == 1:
            value.data = 0.25 * noise
        else:
            value.data = 1.2 * noise / value.shape[-1] ** 0.5
    for name, value in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            value.data = 0.3 * torch.randn(value.shape, generator=generator)


@torch.no_grad()
def case(model, tokens):
    logits = model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0, -1].float()
    top = logits.topk(10)
    answer = list(tokens)
    for _ in range(GREEDY):
        answer.append(int(model(input_ids=torch.tensor([answer]), use_cache=False).logits[0, -1].argmax()))
    return {"input_ids": list(tokens), "top10_ids": top.indices.tolist(),
            "top10_logits": [round(value, 6) for value in top.values.tolist()],
            "logsumexp": round(float(logits.logsumexp(-1)), 6), "greedy": answer[len(tokens):]}


def prompts(vocabulary, generator, lengths=LENGTHS):
    return [torch.randint(3, vocabulary, (length,), generator=generator).tolist() for length in lengths]


def read(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def make_model(folder, variant, generator):
    config = transformers.AutoConfig.for_model(variant.kind, **variant.config)
    model = transformers.AutoModelForCausalLM.from_config(config).float()
    randomise(model, generator)
    model.tie_weights()
    model.to(getattr(torch, variant.dtype)).save_pretrained(folder, max_shard_size=variant.shard)
    written = folder / "config.json"
    written.write_text(json.dumps(variant.edit(json.loads(written.read_text())), indent=2))
    for name, text in variant.files.items():
        (folder / name).write_text(json.dumps(text))
    return read(folder)


def randomise_adapter(model, generator):
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if "lora_magnitude" in name:
            value.data = value.data * (1 + 0.3 * noise)
        elif "lora_" in name:
            value.data = 0.2 * noise
        elif "trainable_tokens" in name:
            value.data = value.data + 0.5 * noise
        elif value.requires_grad:
            value.data = value.data * (1 + 0.2 * noise) + 0.05 * noise


def make_adapter(base, folder, adapter, generator):
    """Writes the adapter; returns PEFT's own reading of it."""
    model = peft.get_peft_model(read(base), peft.LoraConfig(task_type="CAUSAL_LM", **adapter.config))
    if adapter.converted:
        return make_converted(base, folder, model, generator)
    randomise_adapter(model, generator)
    if adapter.dtype != "float32":
        model.to(getattr(torch, adapter.dtype))
    model.save_pretrained(folder, save_embedding_layers=adapter.embeddings)
    if adapter.rename or adapter.edit:
        file = folder / "adapter_model.safetensors"
        save_file({adapter.rename(name): value for name, value in load_file(file).items()} if adapter.rename
                  else load_file(file), file, metadata={"format": "pt"})
        if adapter.edit:
            written = folder / "adapter_config.json"
            written.write_text(json.dumps(adapter.edit(json.loads(written.read_text()))))
    if adapter.dtype == "float32" and not adapter.reads_back:
        return model.eval()
    return peft.PeftModel.from_pretrained(read(base), folder, autocast_adapter_dtype=True).float().eval()


def make_converted(base, folder, model, generator):
    """PiSSA and OLoRA start from parts of the base: what is saved is the way from there, as a LoRA of twice the rank."""
    start = folder.with_name(folder.name + "-start")
    config = model.peft_config["default"]
    kind, config.init_lora_weights = config.init_lora_weights, True
    model.save_pretrained(start)
    config.init_lora_weights = kind
    for name, value in model.named_parameters():
        if "lora_" in name:
            value.data = value.data + 0.2 * torch.randn(value.shape, generator=generator)
    model.save_pretrained(folder, path_initial_model_for_weight_conversion=start)
    shutil.rmtree(start)
    return peft.PeftModel.from_pretrained(read(base), folder).float().eval()


def make(out, variant, generator):
    folder = out / variant.name
    shutil.rmtree(folder, ignore_errors=True)
    model = make_model(folder, variant, generator)
    vocabulary = model.config.vocab_size
    versions = f"transformers {transformers.__version__}, peft {peft.__version__}, torch {torch.__version__}"
    golden = {"model": variant.name, "made_with": versions + ", float32", "cases": {}}
    for i, tokens in enumerate(prompts(vocabulary, generator, variant.lengths)):
        golden["cases"][f"base.{i}"] = case(model, tokens) | {"adapter": None}
    base = golden["cases"]["base.2"]
    for adapter in variant.adapters:
        grafted = make_adapter(folder, folder / "adapters" / adapter.name, adapter, generator)
        own = {"adapter": adapter.name, "base": variant.name, "made_with": versions + ", float32", "cases": []}
        for i, tokens in enumerate([base["input_ids"], *prompts(vocabulary, generator, (7,))]):
            made = case(grafted, tokens)
            own["cases"].append(made)
            if i == 0 and not adapter.may_do_nothing and made["top10_logits"] == base["top10_logits"]:
                raise SystemExit(f"{variant.name} {adapter.name} changes nothing: it would prove nothing")
            golden["cases"][f"{adapter.name}.{i}"] = made | {"adapter": adapter.name}
        (folder / "adapters" / adapter.name / "golden.json").write_text(json.dumps(own))
    (folder / "golden.json").write_text(json.dumps(golden))
    return golden


def verify(graft, folder, golden, options):
    """Each line that does not hold, and what the command says of each adapter, or of the model, that it refuses."""
    cases, refused, worst, held = dict(golden["cases"]), set(), 0, 0
    while cases:
        (folder / "left.json").write_text(json.dumps(golden | {"cases": cases}))
        command = [graft, "verify", "--base", folder, "--golden", folder / "left.json", *options]
        for name in sorted({each["adapter"] for each in cases.values()} - {None}):
            command += ["--adapter", folder / "adapters" / name]
        run = subprocess.run([str(each) for each in command], capture_output=True, text=True)
        for line in map(json.loads, run.stdout.splitlines()):
            done = cases.pop(line["case"])
            worst = max(worst, line["max_logit_diff"])
            held += line["max_logit_diff"] <= 1e-3 and line["top10_equal"] and line["greedy_equal"]
            if not (line["max_logit_diff"] <= 1e-3 and line["top10_equal"] and line["greedy_equal"]):
                yield done["adapter"], json.dumps(line)
        if run.returncode < 2:
            break
        adapter = next(iter(cases.values()))["adapter"]
        said = [line for line in run.stderr.splitlines() if line.startswith("verify: ")]
        yield adapter, said[-1] if said else run.stderr[-500:]
        refused.add(adapter)
        cases = {} if adapter is None else {name: each for name, each in cases.items() if each["adapter"] != adapter}
    print(f"{folder.name} {' '.join(options)}: {held} of {len(golden['cases'])} cases hold, worst {worst:.1e}",
          flush=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("--only", default=".*")
    arguments.add_argument("--graft")
    arguments.add_argument("--kept", action="store_true", help="verify what an earlier run has left in OUT")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    failed = 0
    for variant in variants.MODELS:
        if not re.fullmatch(options.only, variant.name):
            continue
        seed = sum(map(ord, variant.name))
        file = options.out / variant.name / "golden.json"
        golden = json.loads(file.read_text()) if options.kept and file.exists() \
            else make(options.out, variant, torch.Generator().manual_seed(seed))
        print(f"{variant.name}: {len(golden['cases'])} cases, seed {seed}", flush=True)
        for more in ([], ["--slice", "7"]) if options.graft else ():
            for adapter, problem in verify(options.graft, options.out / variant.name, golden, more):
                failed += 1
                print(f"   {adapter or 'base'}: {problem}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
