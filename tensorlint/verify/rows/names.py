"""Names that the trials must know of."""

from __future__ import annotations

__all__ = ["ARRAY_SKIPPED", "ARRAY_WRITERS", "LAYOUT_ONLY", "TENSOR_SKIPPED"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TENSOR_SKIPPED = _words("""
    index as_subclass set_ resize_ resize_as_ sparse_resize_ sparse_resize_and_clear_ module_load map_ map2_ apply_
    storage untyped_storage record_stream from_file wait fork compile vmap while_loop cond save load
    import_ir_module import_ir_module_from_buffer parse_ir set_default_tensor_type set_default_dtype
    set_default_device set_grad_enabled set_warn_always set_num_threads set_num_interop_threads
    use_deterministic_algorithms set_deterministic_debug_mode set_anomaly_enabled set_flush_denormal
    set_printoptions set_rng_state set_float32_matmul_precision set_autocast_enabled set_autocast_dtype
    set_autocast_cache_enabled seed manual_seed enable_grad no_grad inference_mode autocast is_autocast_enabled
    reinforce volatile empty_quantized set_autocast_cpu_dtype set_autocast_cpu_enabled set_autocast_gpu_dtype
    set_autocast_ipu_dtype set_autocast_ipu_enabled set_autocast_xla_dtype set_autocast_xla_enabled init_num_threads
    clear_autocast_cache autocast_increment_nesting autocast_decrement_nesting prepare_multiprocessing_environment
    thread_safe_generator unify_type_list merge_type_from_type_comment parse_schema parse_type_comment
    profiler_allow_cudagraph_cupti_lazy_reinit_cuda12 handle_torch_function has_torch_function
    has_torch_function_unary has_torch_function_variadic boolean_dispatch assert_int_or_pair classproperty typename
    sym_constrain_range sym_constrain_range_for_size sym_fresh_size as_sparse_gradcheck register_hook
    register_post_accumulate_grad_hook backward requires_grad_ detach detach_ native_channel_shuffle
    to_sparse_bsc to_sparse_bsr
""")
"""Not tensor operations, ones that change the interpreter's or the storage's own state, and some that end the process
on some arguments (native_channel_shuffle of no groups and to_sparse_bsc without a size, torch 2.1)."""

ARRAY_SKIPPED = _words("""
    byteswap mintypecode bmat ellip_harm_2 spalde
    test show_config info save savez savez_compressed savetxt load loadtxt genfromtxt fromfile memmap DataSource
    get_include fromregex seterr seterrcall set_printoptions setbufsize show_runtime getbufsize geterr geterrcall
    printoptions errstate get_printoptions seed set_state get_state set_bit_generator get_bit_generator typename
    from_dlpack nested_iters ndenumerate ndindex nditer tofile dump dumps run_threaded rundocs runstring measure
    assert_no_gc_cycles assert_no_warnings build_err_msg check_support_sve decorate_methods break_cycles
    suppress_warnings tempdir temppath clear_and_catch_warnings assert_raises assert_raises_regex assert_warns
    distance_transform_cdt distance_transform_bf jiffies memusage resize setfield getfield setflags print_assert_equal
""")
"""What touches files, the process or the memory itself."""

ARRAY_WRITERS = _words("""
    copyto fill_diagonal place put putmask put_along_axis shuffle fill sort partition itemset byteswap
""")
"""What writes to an argument that is not ``out``."""

LAYOUT_ONLY = _words("as_strided_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_")
"""In-place methods that raise the version counter but write no value."""
