"""The classes of ``torch.nn`` that a module default may call; a test compares them with torch."""

from __future__ import annotations

from collections.abc import Iterator

_NAMES = """
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d AvgPool2d
    AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d BatchNorm3d Bilinear CELU
    CTCLoss ChannelShuffle CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d
    ConstantPad3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    CosineEmbeddingLoss CosineSimilarity CrossEntropyLoss CrossMapLRN2d Dropout Dropout1d
    Dropout2d Dropout3d ELU Embedding EmbeddingBag FeatureAlphaDropout Flatten Fold
    FractionalMaxPool2d FractionalMaxPool3d GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm
    Hardshrink Hardsigmoid Hardswish Hardtanh HingeEmbeddingLoss HuberLoss Identity
    InstanceNorm1d InstanceNorm2d InstanceNorm3d KLDivLoss L1Loss LPPool1d LPPool2d LPPool3d
    LSTM LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d
    LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
    LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear LeakyReLU Linear
    LinearCrossEntropyLoss LocalResponseNorm LogSigmoid LogSoftmax MSELoss MarginRankingLoss
    MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d Mish MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss NLLLoss2d PReLU
    PairwiseDistance PixelShuffle PixelUnshuffle PoissonNLLLoss RMSNorm RNN RNNBase RNNCell
    RNNCellBase RReLU ReLU ReLU6 ReflectionPad1d ReflectionPad2d ReflectionPad3d
    ReplicationPad1d ReplicationPad2d ReplicationPad3d SELU Sequential SiLU Sigmoid SmoothL1Loss
    SoftMarginLoss Softmax Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh
    Tanhshrink Threshold Transformer TransformerDecoder TransformerDecoderLayer
    TransformerEncoder TransformerEncoderLayer TripletMarginLoss TripletMarginWithDistanceLoss
    Unflatten Unfold Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d
    ZeroPad3d
"""
CLASSES = frozenset(_NAMES.split())

_SIZES = """
    Linear:2 Bilinear:3 Embedding:2 EmbeddingBag:2 RNN:2 LSTM:2 GRU:2 RNNCell:2 LSTMCell:2 GRUCell:2
    Conv1d:2 Conv2d:2 Conv3d:2 ConvTranspose1d:2 ConvTranspose2d:2 ConvTranspose3d:2 LazyLinear:1
    BatchNorm1d:1 BatchNorm2d:1 BatchNorm3d:1 InstanceNorm1d:1 InstanceNorm2d:1 InstanceNorm3d:1
    GroupNorm:2 MultiheadAttention:2 TransformerEncoderLayer:2 TransformerDecoderLayer:2
"""
SIZES = {name: int(count) for name, count in (pair.split(":") for pair in _SIZES.split())}
"""How many of the first arguments are sizes, for which torch takes integers and nothing else."""

_NEEDED = """
    output_size: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
        AdaptiveMaxPool2d AdaptiveMaxPool3d
    in_features n_classes cutoffs: AdaptiveLogSoftmaxWithLoss
    kernel_size: AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d MaxPool1d
        MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d Unfold
    num_features: BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d
        SyncBatchNorm
    in1_features in2_features out_features: Bilinear
    groups: ChannelShuffle
    padding: CircularPad1d CircularPad2d CircularPad3d ReflectionPad1d ReflectionPad2d
        ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d
        ZeroPad3d
    padding value: ConstantPad1d ConstantPad2d ConstantPad3d
    in_channels out_channels kernel_size: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
        ConvTranspose3d
    size: CrossMapLRN2d LocalResponseNorm
    num_embeddings embedding_dim: Embedding EmbeddingBag
    output_size kernel_size: Fold
    input_size hidden_size: GRU GRUCell LSTM LSTMCell RNN RNNCell
    num_groups num_channels: GroupNorm
    norm_type kernel_size: LPPool1d LPPool2d LPPool3d
    normalized_shape: LayerNorm RMSNorm
    out_channels kernel_size: LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d
        LazyConvTranspose2d LazyConvTranspose3d
    out_features: LazyLinear
    in_features out_features: Linear
    embed_dim num_heads: MultiheadAttention
    upscale_factor: PixelShuffle
    downscale_factor: PixelUnshuffle
    threshold value: Threshold
    decoder_layer num_layers: TransformerDecoder
    encoder_layer num_layers: TransformerEncoder
    d_model nhead: TransformerDecoderLayer TransformerEncoderLayer
    dim unflattened_size: Unflatten
"""


def _needed() -> Iterator[tuple[str, tuple[str, ...]]]:
    names: list[str] = []
    for line in _NEEDED.splitlines():
        before, found, classes = line.rpartition(":")
        names = before.split() if found else names
        yield from ((name, tuple(names)) for name in classes.split())


NEEDED = dict(_needed())
"""The arguments that a class has no default for, in their order."""
