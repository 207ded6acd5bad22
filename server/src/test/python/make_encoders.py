"""Makes tiny random encoders as embedders and rerankers are published, with goldens of transformers.

    python make_encoders.py OUT

OUT gets embedder-xlmr (bge-m3's form: XLM-R, Unigram tokenizer, first token), embedder-roberta (mean), embedder-nomic
(flash-attn's names, a fused Wqkv, SwiGLU) and reranker-xlmr (bge-reranker-v2-m3's form). A golden.json holds token ids
with their vector or score, in float32, computed from what was written. Needs torch and transformers 5.
"""
import json
import pathlib
import sys

import tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file

from make_goldens import randomise

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48,
         "initializer_range": 0.3}
TEXTS = ["How heavy is the pump?",
         "Die Pumpe wiegt 134 kg \u00b7 \u00fcber 200\u202fm\u00b2.",
         "Le poids \ufb01nal: \u2460 tonne",
         "ポンプの重さは?", "\U0001f680 Zwölf  Boxkämpfer\njagen", "насос 12"]
CORPUS = [*TEXTS, "The pump of the station weighs 134 kg.", "Die Pumpe der Station wurde 1987 gebaut.",
          "ポンプは重い。", "насос станции весит 134 кг",
          "Zwölf Boxkämpfer jagen Viktor quer über den Deich."] * 20


def tokenizer(folder):
    """A Unigram tokenizer.json in XLM-R's form: its special tokens and their ids, a block before each word."""
    made = tokenizers.Tokenizer(tokenizers.models.Unigram())
    made.normalizer = tokenizers.normalizers.NFKC()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.WhitespaceSplit(), tokenizers.pre_tokenizers.Metaspace()])
    made.decoder = tokenizers.decoders.Metaspace()
    made.train_from_iterator(CORPUS, tokenizers.trainers.UnigramTrainer(
        vocab_size=180, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.save(str(folder / "tokenizer.json"))
    return made


def pooled(model, ids, first):
    states = model(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids))).last_hidden_state[0]
    vector = states[0] if first else states.mean(0)
    return [round(value, 7) for value in (vector / vector.norm()).tolist()]


def written(folder, kind, config, generator, files):
    folder.mkdir(parents=True, exist_ok=True)
    model = kind(config).eval()
    randomise(model, generator)
    model.save_pretrained(folder)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=1))
    return kind.from_pretrained(folder, dtype=torch.float32).eval()


def modules(*kinds):
    return [{"idx": i, "name": str(i), "path": "" if kind == "Transformer" else f"{i}_{kind}",
             "type": "sentence_transformers.models." + kind} for i, kind in enumerate(kinds)]


def save(folder, cases):
    (folder / "golden.json").write_text(json.dumps(
        {"torch": torch.__version__, "transformers": transformers.__version__, "cases": cases}))


def random_ids(generator, lengths, vocabulary):
    return [torch.randint(5, vocabulary, [length], generator=generator).tolist() for length in lengths]


@torch.no_grad()
def main():
    out, generator = pathlib.Path(sys.argv[1]), torch.Generator().manual_seed(6)
    pooling = {"word_embedding_dimension": 32, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}

    folder = out / "embedder-xlmr"
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizer(folder)
    special = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
    config = transformers.XLMRobertaConfig(vocab_size=made.get_vocab_size(), max_position_embeddings=66, **special,
                                            **SIZES)
    model = written(folder, transformers.XLMRobertaModel, config, generator, {
        "modules.json": modules("Transformer", "Pooling", "Normalize"), "1_Pooling/config.json": pooling})
    encoded = [(text, made.encode(text).ids) for text in TEXTS]
    save(folder, [{"text": text, "tokens": ids, "embedding": pooled(model, ids, True)}
                  for text, ids in encoded]
         # A pad token amid a text, which has no position of its own, and a text of the whole window.
         + [{"tokens": ids, "embedding": pooled(model, ids, True)}
            for ids in ([0, 9, 1, 17, 2], *random_ids(generator, [64], 90))])

    folder = out / "embedder-roberta"
    config = transformers.RobertaConfig(vocab_size=90, max_position_embeddings=42, **special, **SIZES)
    model = written(folder, transformers.RobertaModel, config, generator, {})
    save(folder, [{"tokens": ids, "embedding": pooled(model, ids, False)}
                  for ids in random_ids(generator, [1, 7, 40], 90)])

    folder = out / "embedder-nomic"
    config = transformers.NomicBertConfig(vocab_size=90, max_position_embeddings=64, type_vocab_size=2, **SIZES)
    model = written(folder, transformers.NomicBertModel, config, generator, {
        "modules.json": modules("Transformer", "Pooling"),
        "1_Pooling/config.json": {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}})
    flash(folder)
    model = transformers.NomicBertModel.from_pretrained(folder, dtype=torch.float32).eval()
    save(folder, [{"tokens": ids, "embedding": pooled(model, ids, False)}
                  for ids in random_ids(generator, [1, 7, 64], 90)])

    (folder / "config.json").write_text(json.dumps(published(config), indent=1))

    folder = out / "reranker-xlmr"
    config = transformers.XLMRobertaConfig(vocab_size=90, max_position_embeddings=42, num_labels=1, **special, **SIZES)
    model = written(folder, transformers.XLMRobertaForSequenceClassification, config, generator, {})
    cases = []
    for first, second in ((2, 3), (5, 20), (9, 1), (20, 16)):
        a, b = random_ids(generator, [first, second], 90)
        ids = [0, *a, 2, 2, *b, 2]
        logit = model(input_ids=torch.tensor([ids])).logits[0, 0]
        cases.append({"tokens": ids, "second": first + 3, "score": round(float(torch.sigmoid(logit)), 7)})
    save(folder, cases)


def published(config):
    """As nomic-ai's config.json names it."""
    return {"model_type": "nomic_bert", "architectures": ["NomicBertModel"], "activation_function": "swiglu",
            "n_embd": config.hidden_size, "n_layer": config.num_hidden_layers, "n_head": config.num_attention_heads,
            "n_inner": config.intermediate_size, "n_positions": config.max_position_embeddings,
            "layer_norm_epsilon": config.layer_norm_eps, "rotary_emb_base": config.rope_parameters["rope_theta"],
            "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False, "rotary_emb_scale_base": None,
            "rotary_scaling_factor": None, "qkv_proj_bias": False, "mlp_fc1_bias": False, "mlp_fc2_bias": False,
            "prenorm": False, "parallel_block": False, "use_rms_norm": False, "causal": False,
            "vocab_size": config.vocab_size, "type_vocab_size": config.type_vocab_size, "torch_dtype": "float32"}


def flash(folder):
    """Tensors' names as nomic-ai publishes them, whatever this release of transformers writes."""
    tensors = load_file(folder / "model.safetensors")
    names = {"layers.": "encoder.layers.", "embeddings.LayerNorm": "emb_ln", "self_attn.o_proj": "attn.out_proj",
             "up_proj": "fc11", "gate_proj": "fc12", "down_proj": "fc2", "post_attention_layernorm": "norm1",
             "post_mlp_layernorm": "norm2"}
    renamed, parts = {}, {}
    for name, value in tensors.items():
        for old, new in names.items():
            if new not in name:
                name = name.replace(old, new)
        if "self_attn." in name:
            at, kind = name.split("self_attn.")
            parts.setdefault(at, {})[kind[0]] = value
        else:
            renamed[name] = value
    for at, each in parts.items():
        renamed[at + "attn.Wqkv.weight"] = torch.cat([each["q"], each["k"], each["v"]])
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})


if __name__ == "__main__":
    main()
