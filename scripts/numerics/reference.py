"""BERT with both pre-training heads, written from the equations (Devlin et al., arXiv 1810.04805;
Vaswani et al., arXiv 1706.03762; Hendrycks and Gimpel, arXiv 1606.08415), in PyTorch and in double
precision. Gradients are PyTorch's. Nothing is shared with the C code but the names of the tensors,
which are Hugging Face's.

Sequences are computed one by one, so there is no padding and no mask. Dropout is 0.

    config = Config.from_json("DIR/config.json")
    weights = as_weights(safetensors_io.read("DIR/model.safetensors"))
    result = evaluate(config, weights, samples)          # losses
    result, gradients = differentiate(config, weights, samples)

A sample is a dictionary: input_ids, token_type_ids, masked_positions, masked_labels,
next_sentence_label (1: B is random, 0: B follows A, -1: none).
"""
import dataclasses
import json
import math

import torch


@dataclasses.dataclass
class Config:
    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int = 2
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12

    @classmethod
    def from_json(cls, path):
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
        return cls(**{field.name: values[field.name] for field in dataclasses.fields(cls)})


def encoder_shapes(config):
    """Every tensor of the embeddings and the layers, and its shape."""
    H, F, V = config.hidden_size, config.intermediate_size, config.vocab_size
    result = {}

    def linear(name, out, into):
        result[name + ".weight"] = (out, into)
        result[name + ".bias"] = (out,)

    def norm(name):
        result[name + ".weight"] = (H,)
        result[name + ".bias"] = (H,)

    result["bert.embeddings.word_embeddings.weight"] = (V, H)
    result["bert.embeddings.position_embeddings.weight"] = (config.max_position_embeddings, H)
    result["bert.embeddings.token_type_embeddings.weight"] = (config.type_vocab_size, H)
    norm("bert.embeddings.LayerNorm")
    for i in range(config.num_hidden_layers):
        layer = f"bert.encoder.layer.{i}."
        for part in ("query", "key", "value"):
            linear(layer + "attention.self." + part, H, H)
        linear(layer + "attention.output.dense", H, H)
        norm(layer + "attention.output.LayerNorm")
        linear(layer + "intermediate.dense", F, H)
        linear(layer + "output.dense", H, F)
        norm(layer + "output.LayerNorm")
    return result


def shapes(config):
    """Every tensor of BertForPreTraining and its shape; 14 + 16 L of them. The decoder of the MLM
    head is the word table and stands here once."""
    H, V = config.hidden_size, config.vocab_size
    return {**encoder_shapes(config),
            "bert.pooler.dense.weight": (H, H), "bert.pooler.dense.bias": (H,),
            "cls.predictions.transform.dense.weight": (H, H),
            "cls.predictions.transform.dense.bias": (H,),
            "cls.predictions.transform.LayerNorm.weight": (H,),
            "cls.predictions.transform.LayerNorm.bias": (H,),
            "cls.predictions.bias": (V,),
            "cls.seq_relationship.weight": (2, H), "cls.seq_relationship.bias": (2,)}


def is_bias_or_norm(name):
    return name.endswith(".bias") or ".LayerNorm." in name


def as_weights(arrays, dtype=torch.float64):
    return {name: torch.tensor(array, dtype=dtype) for name, array in arrays.items()}


def gelu(x):
    """x Φ(x)"""
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def gelu_new(x):
    """Google's approximation of it."""
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


ACTIVATIONS = {"gelu": gelu, "gelu_new": gelu_new}


def to_bfloat16(x):
    return x.to(torch.bfloat16).to(x.dtype)


class RoundedProduct(torch.autograd.Function):
    """a b with both operands rounded to bfloat16, as are those of the two products of its gradient."""

    @staticmethod
    def forward(context, a, b):
        a, b = to_bfloat16(a), to_bfloat16(b)
        context.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(context, gradient):
        a, b = context.saved_tensors
        gradient = to_bfloat16(gradient)
        return gradient @ b.T, a.T @ gradient


class Model:
    """multiply: how matrices are."""

    def __init__(self, config, weights, multiply=torch.matmul):
        self.config, self.weights, self.multiply = config, weights, multiply
        self.activation = ACTIVATIONS[config.hidden_act]

    def linear(self, name, x):
        return self.multiply(x, self.weights[name + ".weight"].T) + self.weights[name + ".bias"]

    def norm(self, name, x):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(-1, keepdim=True)
        scaled = (x - mean) / torch.sqrt(variance + self.config.layer_norm_eps)
        return scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def embed(self, ids, types):
        table = "bert.embeddings.{}_embeddings.weight"
        x = (self.weights[table.format("word")][ids]
             + self.weights[table.format("position")][:len(ids)]
             + self.weights[table.format("token_type")][types])
        return self.norm("bert.embeddings.LayerNorm", x)

    def attention(self, layer, x):
        """softmax(Q Kᵀ / √D) V for each head, [S, H]"""
        D = self.config.hidden_size // self.config.num_attention_heads
        q, k, v = (self.linear(layer + "attention.self." + part, x)
                   for part in ("query", "key", "value"))
        heads = []
        for a in range(self.config.num_attention_heads):
            own = slice(a * D, (a + 1) * D)
            scores = self.multiply(q[:, own], k[:, own].T) / math.sqrt(D)
            heads.append(self.multiply(torch.softmax(scores, -1), v[:, own]))
        return torch.cat(heads, -1)

    def block(self, layer, x):
        a = self.linear(layer + "attention.output.dense", self.attention(layer, x))
        x = self.norm(layer + "attention.output.LayerNorm", x + a)
        f = self.activation(self.linear(layer + "intermediate.dense", x))
        f = self.linear(layer + "output.dense", f)
        return self.norm(layer + "output.LayerNorm", x + f)

    def encode(self, ids, types):
        x = self.embed(ids, types)
        for i in range(self.config.num_hidden_layers):
            x = self.block(f"bert.encoder.layer.{i}.", x)
        return x

    def mlm_logits(self, x):
        h = self.activation(self.linear("cls.predictions.transform.dense", x))
        h = self.norm("cls.predictions.transform.LayerNorm", h)
        return (self.multiply(h, self.weights["bert.embeddings.word_embeddings.weight"].T)
                + self.weights["cls.predictions.bias"])

    def pooled(self, x):
        return torch.tanh(self.linear("bert.pooler.dense", x[:1]))

    def nsp_logits(self, x):
        return self.linear("cls.seq_relationship", self.pooled(x))


def cross_entropy(logits, labels):
    """Sum over rows of -log p(label)."""
    rows = torch.arange(len(labels))
    return -torch.log_softmax(logits, -1)[rows, labels].sum()


@dataclasses.dataclass
class Result:
    """Of a global batch: sums over all its samples, divided once."""
    mlm_loss: torch.Tensor
    nsp_loss: torch.Tensor
    mlm_accuracy: float
    nsp_accuracy: float
    masked: int
    sequences: int


def evaluate(config, weights, samples, multiply=torch.matmul):
    model = Model(config, weights, multiply)
    mlm = nsp = torch.zeros((), dtype=next(iter(weights.values())).dtype)
    masked = sequences = mlm_correct = nsp_correct = 0
    for sample in samples:
        x = model.encode(torch.tensor(sample["input_ids"]), torch.tensor(sample["token_type_ids"]))
        labels = torch.tensor(sample["masked_labels"], dtype=torch.long)
        if len(labels):
            logits = model.mlm_logits(x[torch.tensor(sample["masked_positions"])])
            mlm = mlm + cross_entropy(logits, labels)
            mlm_correct += int((logits.argmax(-1) == labels).sum())
            masked += len(labels)
        if sample["next_sentence_label"] >= 0:
            logits, label = model.nsp_logits(x), torch.tensor([sample["next_sentence_label"]])
            nsp = nsp + cross_entropy(logits, label)
            nsp_correct += int((logits.argmax(-1) == label).sum())
            sequences += 1
    return Result(mlm / max(masked, 1), nsp / max(sequences, 1), mlm_correct / max(masked, 1),
                  nsp_correct / max(sequences, 1), masked, sequences)


def differentiate(config, weights, samples, multiply=torch.matmul):
    """The losses, and the gradient of their sum by each tensor."""
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
    result = evaluate(config, leaves, samples, multiply)
    loss = result.mlm_loss + result.nsp_loss
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True,
                                    materialize_grads=True)
    result = dataclasses.replace(result, mlm_loss=result.mlm_loss.detach(),
                                 nsp_loss=result.nsp_loss.detach())
    return result, dict(zip(leaves, gradients))
