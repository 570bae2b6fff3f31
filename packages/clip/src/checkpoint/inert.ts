// Types of objects that trainers save beside the weights. They are passed over, and nothing of them is made.

/** Names by module; several modules that have the same names stand in one key. */
const TYPES: Readonly<Record<string, string>> = {
  argparse: "Namespace",
  types: "SimpleNamespace",
  datetime: "date datetime time timedelta timezone",
  "pathlib pathlib._local": "Path PurePath PosixPath PurePosixPath WindowsPath PureWindowsPath",
  decimal: "Decimal",
  fractions: "Fraction",
  uuid: "UUID",
  collections: "Counter deque",
  "builtins __builtin__":
    "set frozenset bytes bytearray complex range xrange slice int long float bool str unicode list tuple object Ellipsis NotImplemented",
  "copyreg copy_reg": "_reconstructor",
  _codecs: "encode",
  numpy:
    "dtype ndarray bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 str_ datetime64",
  "numpy.core.multiarray numpy._core.multiarray": "scalar _reconstruct",
  "numpy.core.numeric numpy._core.numeric": "_frombuffer",
  "numpy.dtypes":
    "BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType Float16DType Float32DType Float64DType StrDType",
  "numpy.random._pickle numpy.random": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
  "numpy.random.bit_generator": "__pyx_unpickle_SeedSequence SeedSequence",
  "numpy.random._mt19937": "MT19937",
  "numpy.random._pcg64": "PCG64",
  torch: "device Tensor strided sparse_coo contiguous_format channels_last preserve_format",
  "torch.serialization": "_get_layout",
  "torch.torch_version": "TorchVersion",
  "easydict easydict.easydict": "EasyDict",
  "yacs.config fvcore.common.config detectron2.config.config": "CfgNode",
  "addict addict.addict": "Dict",
  "ml_collections.config_dict.config_dict ml_collections.config_dict": "ConfigDict",
  "mmcv.utils.config mmengine.config.config": "ConfigDict Config",
  "pytorch_lightning.utilities.parsing lightning.pytorch.utilities.parsing lightning.fabric.utilities.data lightning_fabric.utilities.data":
    "AttributeDict",
  "pytorch_lightning.callbacks.model_checkpoint lightning.pytorch.callbacks.model_checkpoint":
    "ModelCheckpoint",
  "pytorch_lightning.callbacks.early_stopping lightning.pytorch.callbacks.early_stopping": "EarlyStopping",
  "mmengine.logging.history_buffer": "HistoryBuffer",
  "omegaconf.dictconfig": "DictConfig",
  "omegaconf.listconfig": "ListConfig",
  "omegaconf.base": "Metadata ContainerMetadata SCMode",
  "omegaconf.nodes":
    "AnyNode StringNode IntegerNode FloatNode BooleanNode PathNode BytesNode EnumNode InterpolationResultNode",
  typing: "Any",
};

const NAMES: ReadonlySet<string> = new Set(
  Object.entries(TYPES).flatMap(([modules, names]) =>
    modules.split(" ").flatMap((module) => names.split(" ").map((name) => `${module}.${name}`)),
  ),
);

/** Whether a dotted name is of a type that is passed over. */
export const isInert = (name: string): boolean => NAMES.has(name);
