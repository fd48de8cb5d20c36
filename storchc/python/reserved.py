"""Attributes that a generated module has already; a param or module of that name gets another.

A test holds the list against the installed torch.
"""

# fmt: off
ATTRIBUTES = frozenset({
    "T_destination", "add_module", "apply", "bfloat16", "buffers",
    "call_super_init", "check_modules", "checked_control", "children", "compile", "cpu",
    "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward",
    "get_buffer", "get_extra_state", "get_parameter", "get_submodule", "half", "ipu", "kinks",
    "load_state_dict", "look_into", "marked", "method_module", "method_modules",
    "method_parameters", "methods", "methods_for", "model_parameters", "modules",
    "modules_unseen", "mtia",
    "named_buffers", "named_children", "named_modules", "named_parameters", "observed",
    "of_classes",
    "observed_classes", "one_order", "one_sign", "order", "parameters", "register_backward_hook",
    "register_buffer", "register_forward_hook", "register_forward_pre_hook",
    "register_full_backward_hook", "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook",
    "register_module", "register_parameter", "register_state_dict_post_hook",
    "register_state_dict_pre_hook", "requires_grad_", "row_wise", "set_extra_state",
    "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training",
    "type", "unrounded", "validate", "watch", "within", "xpu", "zero_grad",
})
# fmt: on
