"""Makes this folder's adapter and golden.json: an activated LoRA (PEFT's alora_invocation_tokens) on tiny-llama3.

Run from this folder with a Python that has torch, transformers and peft: HF_HUB_OFFLINE=1 python golden.py
"""
import json
import pathlib
import shutil

import peft
import torch
import transformers

HERE = pathlib.Path(__file__).parent
BASE = HERE.parent.parent / "models" / "tiny-llama3"
INVOCATION = [17, 401, 33]

torch.manual_seed(20261122)
base = transformers.AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
base.generation_config.eos_token_id = None
config = peft.LoraConfig(r=8, lora_alpha=12, lora_bias=False, task_type="CAUSAL_LM", alora_invocation_tokens=INVOCATION,
                         target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
model = peft.get_peft_model(base, config).eval()
for name, parameter in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(parameter, std=0.1)

words = torch.randint(3, 640, [40], generator=torch.Generator().manual_seed(7)).tolist()
prompts = {
    "in the middle": words[:21] + INVOCATION + words[21:30],
    "twice, the last one counts": words[:6] + INVOCATION + words[6:17] + INVOCATION + words[17:20],
    "at the beginning": INVOCATION + words[:9],
    "at the end": words[:13] + INVOCATION,
    "absent": words[:24],
    "cut off": words[:11] + INVOCATION[:2],
}
cases = []
for about, prompt in prompts.items():
    ids = torch.tensor([prompt])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, -1].double()
        greedy = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=10, do_sample=False)
        with model.disable_adapter():
            plain = base(input_ids=ids).logits[0, -1].double()
    top = logits.topk(10)
    print(about, "differs from the base by", round((logits - plain).abs().max().item(), 3))
    cases.append({"about": about, "input_ids": prompt, "top10_ids": top.indices.tolist(),
                  "top10_logits": [round(each, 5) for each in top.values.tolist()],
                  "logsumexp": round(logits.logsumexp(-1).item(), 5), "greedy_10": greedy[0, len(prompt):].tolist()})
model.peft_config["default"].base_model_name_or_path = BASE.name
model.save_pretrained(HERE)
(HERE / "README.md").unlink(missing_ok=True)
written = {"adapter": HERE.name, "model": BASE.name, "made_with": f"peft {peft.__version__}, transformers "
           f"{transformers.__version__}, torch {torch.__version__}, float32", "cases": cases}
(HERE / "golden.json").write_text(json.dumps(written, indent=0) + "\n")
shutil.rmtree(HERE / "__pycache__", ignore_errors=True)
