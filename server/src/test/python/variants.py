"""The models and adapters that make_goldens.py makes: one entry a variant that users have."""
import dataclasses
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Adapter:
    name: str
    config: dict
    dtype: str = "float32"
    rename: Callable[[str], str] | None = None  # spelling of a tensor's name
    edit: Callable[[dict], dict] | None = None  # spelling of adapter_config.json
    embeddings: object = "auto"  # PEFT's save_embedding_layers
    reads_back: bool = True  # whether PEFT itself understands the renamed file
    may_do_nothing: bool = False
    converted: bool = False  # its start changed the base: saved as the difference from that start


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    kind: str
    config: dict
    adapters: tuple = ()
    dtype: str = "bfloat16"
    shard: str = "50GB"
    edit: Callable[[dict], dict] = lambda config: config
    files: dict = dataclasses.field(default_factory=dict)
    lengths: tuple = (1, 5, 23, 90)


SMALL = dict(vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=0)
LATENT = dict(SMALL, num_key_value_heads=4, kv_lora_rank=24, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=20,
              moe_intermediate_size=32, n_routed_experts=8, num_experts_per_tok=3, n_shared_experts=1,
              first_k_dense_replace=1)
QWEN_MOE = dict(SMALL, head_dim=24, moe_intermediate_size=32, num_experts=8, num_experts_per_tok=3)


def rope(kind, **fields):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **fields}}


def old_spelling(config):
    """config.json as transformers 4 wrote it."""
    parameters = dict(config.pop("rope_parameters"))
    config["rope_theta"] = parameters.pop("rope_theta")
    kind = parameters.pop("rope_type")
    config["rope_scaling"] = {"type": kind, **parameters} if kind != "default" else None
    config["torch_dtype"] = config.pop("dtype")
    return config


def new_spelling_of_old_type(config):
    """transformers 4.45 and later wrote rope_type."""
    config = old_spelling(config)
    if config["rope_scaling"]:
        config["rope_scaling"]["rope_type"] = config["rope_scaling"].pop("type")
    return config


def lora(name, targets, r=4, alpha=8, **more):
    own = {key: more.pop(key) for key in list(more) if key in {f.name for f in dataclasses.fields(Adapter)}}
    return Adapter(name, dict(r=r, lora_alpha=alpha, target_modules=targets, **more), **own)


ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
ALL = ATTENTION + ["gate_proj", "up_proj", "down_proj"]
LLAMA_ADAPTERS = (
    lora("all", ALL),
    lora("all-linear", "all-linear"),
    lora("rslora", ALL, r=16, alpha=4, use_rslora=True),
    lora("dora", ALL, use_dora=True),
    lora("dora-rslora-patterns", ALL, use_dora=True, use_rslora=True,
         rank_pattern={"q_proj": 6, "layers.1.mlp.down_proj": 2},
         alpha_pattern={"layers.[02].*k_proj": 3, "o_proj": 16}),
    lora("dora-on-few", ["v_proj", "down_proj"], use_dora=True, rank_pattern={r"model.layers.\d+.mlp.down_proj": 9}),
    lora("patterns-overlap", ALL, rank_pattern={"proj": 3, "q_proj": 7, "^v_proj": 5}, alpha_pattern={"layers.0": 5}),
    lora("lora-bias", ALL, lora_bias=True),
    lora("lora-bias-rslora", ALL, lora_bias=True, use_rslora=True),
    lora("regex", r".*\.(0|2)\.self_attn\.(q|v)_proj"),
    lora("regex-groups", r"(?:.*\.)?layers\.(?P<index>[12])\.mlp\.\w+_proj"),
    lora("full-paths", ["model.layers.1.self_attn.q_proj", "layers.2.mlp.up_proj"]),
    lora("exclude", ALL, exclude_modules=["layers.1.mlp.down_proj", "k_proj"]),
    lora("exclude-regex", "all-linear", exclude_modules=r".*\.1\..*"),
    lora("layers", ALL, layers_to_transform=[0, 2]),
    lora("one-layer", ALL, layers_to_transform=1, layers_pattern="layers"),
    lora("head", ["q_proj", "lm_head"]),
    lora("embedding", ["embed_tokens", "q_proj"]),
    lora("embedding-head-rslora", ["embed_tokens", "lm_head", "v_proj"], use_rslora=True),
    lora("embedding-all", ALL + ["embed_tokens", "lm_head"], alpha_pattern={"embed_tokens": 20},
         rank_pattern={"embed_tokens": 2}),
    lora("saved-head", ["q_proj"], modules_to_save=["lm_head"]),
    lora("saved-both", ["v_proj"], modules_to_save=["lm_head", "embed_tokens"]),
    lora("saved-norms", ["v_proj"], modules_to_save=["input_layernorm", "norm"]),
    lora("saved-module", ["v_proj"], modules_to_save=["down_proj"]),
    lora("saved-and-dora", ALL, use_dora=True, modules_to_save=["embed_tokens", "lm_head"]),
    lora("tokens", ["q_proj"], trainable_token_indices=[3, 17, 319]),
    lora("tokens-by-name", ["q_proj", "lm_head"], trainable_token_indices={"embed_tokens": [5, 4]}),
    lora("fan-in-fan-out", ALL, fan_in_fan_out=True),
    lora("high-alpha", ["down_proj"], r=1, alpha=32),
    lora("r64", ["q_proj", "down_proj"], r=64, alpha=64),
    lora("bf16", ALL, dtype="bfloat16"),
    lora("f16", ALL + ["embed_tokens"], dtype="float16"),
    lora("default-in-names", ALL, use_dora=True, reads_back=False,
         rename=lambda name: name.replace(".weight", ".default.weight").replace("_vector", "_vector.default")),
    lora("no-prefix", ALL, rename=lambda name: name.removeprefix("base_model.model."), reads_back=False),
    lora("old-dora", ALL, use_dora=True, rename=lambda name: name + (".weight" if "magnitude" in name else ""),
         reads_back=False),
    lora("old-config", ALL, edit=lambda config: {key: config[key] for key in (
        "base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "lora_alpha", "lora_dropout",
        "modules_to_save", "peft_type", "r", "target_modules", "task_type")} | {
        "enable_lora": None, "merge_weights": False, "lora_dropout": 0.05}, reads_back=False),
    lora("saved-old-names", ["v_proj"], modules_to_save=["lm_head"], reads_back=False,
         rename=lambda name: name.replace("lm_head.weight", "lm_head.modules_to_save.default.weight")),
    lora("no-alpha", ALL, edit=lambda config: {k: v for k, v in config.items() if k not in ("lora_alpha", "r")} | {
        "r": 8, "lora_alpha": 8}, r=8, alpha=8),
    lora("whole-alpha", ALL, r=8, alpha=16, edit=lambda config: config | {"lora_alpha": 16.0}),
    lora("embeddings-saved-too", ALL, embeddings=True),
    lora("names-nothing-too", ALL + ["c_attn"]),
    lora("exclude-head", ["lm_head", "q_proj", "k_proj"], exclude_modules=["lm_head"]),
    lora("pissa-converted", ALL, init_lora_weights="pissa", converted=True),
    lora("olora-converted", ["q_proj", "down_proj"], init_lora_weights="olora", converted=True),
    lora("pissa-converted-rslora", ["v_proj", "up_proj"], init_lora_weights="pissa", use_rslora=True, converted=True),
    lora("gaussian", ALL, init_lora_weights="gaussian"),
    lora("orthogonal", ALL, init_lora_weights="orthogonal"),
    lora("eva", ALL, edit=lambda config: config | {"init_lora_weights": "eva", "eva_config": {"rho": 2.0, "tau": 0.99}},
         reads_back=False),
    lora("dora-head-fan", ["o_proj", "lm_head"], use_dora=True, fan_in_fan_out=True),
    lora("dora-tokens", ["k_proj"], use_dora=True, trainable_token_indices=[7, 300]),
    lora("tokens-norms", ["o_proj"], trainable_token_indices=[11], modules_to_save=["norm"]),
    lora("negative-alpha", ALL, alpha=-6),
    lora("rank-by-path", ALL, rank_pattern={"model.layers.0.self_attn.q_proj": 8, r"layers\.[12]\.mlp\..*": 2},
         alpha_pattern={r".*\.2\..*": 24}, use_rslora=True),
    lora("layers-patterns", ALL, layers_to_transform=[1], layers_pattern=["h", "layers"]),
    lora("exclude-paths", "all-linear", exclude_modules=["model.layers.0.mlp.up_proj", "o_proj"]),
    Adapter("parameters", dict(r=3, lora_alpha=9, target_modules=["q_proj"], target_parameters=[
        "mlp.down_proj.weight", "k_proj.weight"])),
    lora("unsloth", ALL, dtype="bfloat16", edit=lambda config: config | {"auto_mapping": {
        "base_model_class": "LlamaForCausalLM", "parent_library": "transformers.models.llama.modeling_llama",
        "unsloth_fixed": True}, "base_model_name_or_path": "unsloth/llama-bnb-4bit"}),
    lora("later-fields", ALL, reads_back=False, edit=lambda config: config | {
        "use_what_comes": False, "what_comes_config": None, "what_comes_list": [], "what_comes_map": {}}),
)
BIASES = (
    lora("bias-all", ALL, bias="all"),
    lora("bias-lora-only", ["q_proj", "v_proj"], bias="lora_only"),
    lora("bias-dora", ALL, use_dora=True, lora_bias=False),
    lora("bias-lora-bias", ALL, lora_bias=True),
    lora("bias-saved", ["q_proj"], modules_to_save=["k_proj"]),
    lora("bias-patterns", ALL, bias="all", use_rslora=True, rank_pattern={"q_proj": 2}),
)
TIED = (
    lora("all", ALL),
    lora("saved-head", ["q_proj"], modules_to_save=["lm_head"]),
    lora("saved-embedding", ["q_proj"], modules_to_save=["embed_tokens"]),
    lora("saved-both", ["q_proj"], modules_to_save=["embed_tokens", "lm_head"]),
    lora("saved-both-tied", ["q_proj"], modules_to_save=["embed_tokens"], ensure_weight_tying=True),
    lora("embedding", ["q_proj", "embed_tokens"]),
    lora("head", ["q_proj", "lm_head"]),
    lora("embedding-head", ["q_proj", "lm_head", "embed_tokens"]),
    lora("embedding-tied", ["q_proj", "embed_tokens"], ensure_weight_tying=True),
    lora("tokens", ["q_proj"], trainable_token_indices=[3, 9, 200]),
    lora("tokens-tied", ["q_proj"], trainable_token_indices=[3, 9, 200], ensure_weight_tying=True),
    lora("tokens-both", ["q_proj"], trainable_token_indices={"embed_tokens": [3, 9], "lm_head": [3, 9]}),
    lora("dora-head", ["q_proj", "lm_head"], use_dora=True),
    lora("embeddings-saved-too", ["q_proj"], embeddings=True),
    lora("dora-tokens", ["v_proj"], use_dora=True, trainable_token_indices=[5]),
    lora("tokens-head", ["lm_head"], trainable_token_indices=[4, 77]),
)
LATENT_PROJECTIONS = ["q_proj", "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]
MLA = (
    lora("attention", LATENT_PROJECTIONS),
    lora("dora", LATENT_PROJECTIONS, use_dora=True),
    lora("dora-rslora", LATENT_PROJECTIONS, use_dora=True, use_rslora=True, rank_pattern={"kv_b_proj": 7}),
    lora("lora-bias", LATENT_PROJECTIONS, lora_bias=True),
    lora("all-linear", "all-linear"),
    lora("shared-experts", r".*\.shared_experts\.(gate|up|down)_proj"),
    lora("dense-mlp", r".*layers\.0\.mlp\.(gate|up|down)_proj"),
    lora("saved-kv-b", ["o_proj"], modules_to_save=["kv_b_proj"]),
    lora("saved-norms", ["o_proj"], modules_to_save=["kv_a_layernorm"]),
    lora("saved-router", ["o_proj"], modules_to_save=["gate"]),
    lora("embedding-head", ["embed_tokens", "lm_head", "o_proj"]),
    Adapter("experts", dict(r=2, lora_alpha=8, target_modules=["o_proj"], target_parameters=[
        "mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
)
MOE = (
    lora("attention", ATTENTION),
    lora("all-linear", "all-linear"),
    lora("q-norm-saved", ["q_proj"], modules_to_save=["q_norm", "k_norm"]),
    lora("saved-router", ["q_proj"], modules_to_save=["gate"]),
    Adapter("experts", dict(r=2, lora_alpha=8, target_modules=["q_proj"], target_parameters=[
        "mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
    Adapter("experts-only", dict(r=3, lora_alpha=4, target_modules=[], target_parameters=[
        "mlp.experts.down_proj"], use_rslora=True)),
    Adapter("experts-up-first", dict(r=2, lora_alpha=8, target_modules=["v_proj"], target_parameters=[
        "mlp.experts.down_proj", "mlp.experts.gate_up_proj"], rank_pattern={"experts.down_proj": 3},
        alpha_pattern={"experts.gate_up_proj": 5})),
    Adapter("router", dict(r=2, lora_alpha=8, target_modules=["q_proj"], target_parameters=["gate.weight"])),
    Adapter("router-experts", dict(r=2, lora_alpha=8, target_modules=["q_proj"], target_parameters=[
        "mlp.gate.weight", "mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),
)

MODELS = (
    # Small enough for the test resources: models/tiny-qwen3-moe and adapters/q3moe-experts.
    Model("tiny-qwen3-moe", "qwen3_moe", dict(QWEN_MOE, vocab_size=192, hidden_size=48, head_dim=16,
                                              mlp_only_layers=[1], norm_topk_prob=True, moe_intermediate_size=24), (
        Adapter("q3moe-experts", dict(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj"], target_parameters=[
            "mlp.gate.weight", "mlp.experts.gate_up_proj", "mlp.experts.down_proj"])),)),
    Model("llama", "llama", SMALL, LLAMA_ADAPTERS),
    Model("llama-biases", "llama", dict(SMALL, attention_bias=True, mlp_bias=True), BIASES),
    Model("llama-tied", "llama", dict(SMALL, tie_word_embeddings=True), TIED),
    Model("llama-head-dim", "llama", dict(SMALL, head_dim=24), (lora("dora", ALL, use_dora=True),)),
    Model("llama-mha", "llama", dict(SMALL, num_key_value_heads=4), dtype="float32"),
    Model("llama-mqa", "llama", dict(SMALL, num_key_value_heads=1), dtype="float16"),
    Model("llama-sharded", "llama", SMALL, shard="60KB", dtype="float32", files={
        "generation_config.json": {"eos_token_id": [2, 7], "bos_token_id": 1}}),
    Model("llama-llama3", "llama", SMALL | rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                               original_max_position_embeddings=64)),
    Model("llama-llama3-old", "llama", SMALL | rope("llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                   original_max_position_embeddings=32), edit=new_spelling_of_old_type),
    Model("llama-linear", "llama", SMALL | rope("linear", factor=4.0)),
    Model("llama-linear-old", "llama", SMALL | rope("linear", factor=2.5), edit=old_spelling),
    Model("llama-dynamic", "llama", SMALL | rope("dynamic", factor=4.0)),
    Model("llama-dynamic-old", "llama", SMALL | rope("dynamic", factor=2.0), edit=old_spelling),
    Model("llama-yarn", "llama", SMALL | rope("yarn", factor=8.0, original_max_position_embeddings=32)),
    Model("llama-yarn-attention", "llama", SMALL | rope("yarn", factor=4.0, original_max_position_embeddings=64,
                                                       attention_factor=1.3, beta_fast=16.0, beta_slow=2.0)),
    Model("llama-theta", "llama", SMALL | {"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}},
          edit=old_spelling),
    Model("llama-eos-list", "llama", dict(SMALL, eos_token_id=[2, 5])),
    Model("mistral", "mistral", dict(SMALL, head_dim=24, sliding_window=None), (lora("all", ALL),)),
    Model("mistral-window", "mistral", dict(SMALL, sliding_window=16), (lora("all", ALL),)),
    Model("mistral-wide-window", "mistral", dict(SMALL, sliding_window=256)),
    Model("qwen2", "qwen2", SMALL, BIASES + (lora("dora", ALL, use_dora=True), lora("embedding", ["embed_tokens"]))),
    Model("qwen2-tied", "qwen2", dict(SMALL, tie_word_embeddings=True), TIED),
    Model("qwen2-window", "qwen2", dict(SMALL, use_sliding_window=True, sliding_window=16, max_window_layers=1)),
    Model("qwen2-window-unused", "qwen2", dict(SMALL, use_sliding_window=False, sliding_window=16)),
    Model("qwen2-window-no-layer", "qwen2", dict(SMALL, use_sliding_window=True, sliding_window=16,
                                                 max_window_layers=3)),
    Model("qwen2-yarn", "qwen2", SMALL | rope("yarn", factor=4.0, original_max_position_embeddings=64),
          edit=new_spelling_of_old_type),
    Model("qwen3", "qwen3", dict(SMALL, head_dim=24), (
        lora("all", ALL), lora("dora", ALL, use_dora=True),
        lora("norms", ["q_proj"], modules_to_save=["q_norm", "k_norm"]),
        lora("norms-and-head", ["q_proj"], modules_to_save=["norm", "lm_head"]))),
    Model("qwen3-mqa", "qwen3", dict(SMALL, head_dim=32, num_key_value_heads=1, attention_bias=True), BIASES),
    Model("qwen3-mha-tied", "qwen3", dict(SMALL, head_dim=16, num_key_value_heads=4, tie_word_embeddings=True),
          (lora("saved-head", ["q_proj"], modules_to_save=["lm_head"]),)),
    Model("qwen3-window", "qwen3", dict(SMALL, head_dim=24, use_sliding_window=True, sliding_window=20,
                                        max_window_layers=2)),
    Model("qwen3-moe", "qwen3_moe", QWEN_MOE, MOE),
    Model("qwen3-moe-normalised", "qwen3_moe", dict(QWEN_MOE, norm_topk_prob=True, decoder_sparse_step=2)),
    Model("qwen3-moe-dense-layers", "qwen3_moe", dict(QWEN_MOE, mlp_only_layers=[1], norm_topk_prob=True,
                                                      tie_word_embeddings=True, num_experts_per_tok=1)),
    Model("qwen3-moe-window", "qwen3_moe", dict(QWEN_MOE, use_sliding_window=True, sliding_window=16,
                                                attention_bias=True)),
    Model("deepseek-v2-lite", "deepseek_v2", dict(LATENT, q_lora_rank=None, topk_method="greedy"), MLA),
    Model("deepseek-v2", "deepseek_v2", dict(LATENT, q_lora_rank=28, topk_method="group_limited_greedy", n_group=4,
                                             topk_group=2, routed_scaling_factor=4.0, n_shared_experts=2), MLA),
    Model("deepseek-v2-normalised", "deepseek_v2", dict(LATENT, q_lora_rank=28, topk_method="greedy",
                                                        norm_topk_prob=True, n_group=None, topk_group=None)),
    Model("deepseek-v2-yarn", "deepseek_v2", dict(LATENT, q_lora_rank=28, topk_method="greedy") | rope(
        "yarn", factor=8.0, original_max_position_embeddings=32, beta_fast=32, beta_slow=1, mscale=0.707,
        mscale_all_dim=0.707), edit=new_spelling_of_old_type),
    Model("deepseek-v2-yarn-mscale", "deepseek_v2", dict(LATENT, q_lora_rank=None, topk_method="greedy") | rope(
        "yarn", factor=8.0, original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=0.5)),
    Model("deepseek-v3", "deepseek_v3", dict(LATENT, q_lora_rank=28, n_group=4, topk_group=2,
                                             routed_scaling_factor=2.5, norm_topk_prob=True), MLA),
    Model("deepseek-v3-lite", "deepseek_v3", dict(LATENT, q_lora_rank=None, n_group=1, topk_group=1,
                                                  routed_scaling_factor=1.0, norm_topk_prob=False)),
    Model("deepseek-v3-yarn", "deepseek_v3", dict(LATENT, q_lora_rank=28, n_group=2, topk_group=1,
                                                  first_k_dense_replace=2) | rope(
        "yarn", factor=8.0, original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=1.0), dtype="float32",
          shard="80KB"),
    Model("deepseek-v3-all-dense", "deepseek_v3", dict(LATENT, q_lora_rank=28, n_group=4, topk_group=2,
                                                       first_k_dense_replace=3)),
    Model("deepseek-v3-all-sparse", "deepseek_v3", dict(LATENT, q_lora_rank=28, n_group=4, topk_group=4,
                                                        first_k_dense_replace=0, n_shared_experts=3)),
    Model("deepseek-v3-halves", "deepseek_v3", dict(LATENT, q_lora_rank=28, n_group=4, topk_group=2,
                                                    rope_interleave=False)),
)
