/**
 * Operators that onnxruntime adds, in the format of schema-table.ts: the com.microsoft ones that models in the field and
 * our passes use, and those it keeps in ai.onnx, one of them until the standard has it. A type variable is followed by its types, joined by commas.
 */
export const runtimeOperators = `
LayerNormalization 1|X T;Scale V;B? V|Y V;Mean? U;InvStdDev? U|T float16,float32,float64,bfloat16;U float32,float64;V float16,float32,float64,bfloat16|axis i=-1;epsilon f=1e-05;stash_type i=1
SimplifiedLayerNormalization 1|X T;scale V|Y V;inv_std_var? U|T float16,float32,float64,bfloat16;U float32,float64;V float16,float32,float64,bfloat16|axis i=-1;epsilon f=1e-05;stash_type i=1
ms.Attention 1|input T;weights T;bias? T;mask_index? M;past? T;attention_bias? T;past_sequence_length? M|output T;present? T|T float32,float16,bfloat16;M int32|do_rotary i=0;mask_filter_value f;num_heads i!;past_present_share_buffer i;qkv_hidden_sizes is;rotary_embedding_dim i;scale f;unidirectional i=0
ms.BiasAdd 1|X T;bias T;skip T|Y T|T float16,float32|
ms.BiasDropout 1|data T;bias T;residual? T;ratio? T1;training_mode? T2|output T;mask? T2|T float16,float32,float64,bfloat16;T1 float16,float32,float64,bfloat16;T2 bool|seed i
ms.BiasGelu 1|A T;B T|C T|T float16,float32,float64,bfloat16|
ms.BiasSoftmax 1|data T;bias T|output T|T float16,float32,float64|axis i=1;is_inner_broadcast i!
ms.BiasSplitGelu 1|X T;bias T|Y T|T float16,float32|
ms.BitmaskDropout 1|data T;ratio? T1;training_mode? T2|output T;mask? T3|T float16,float32,float64,bfloat16;T1 float16,float32,float64,bfloat16;T2 bool;T3 uint32|seed i
ms.CDist 1|A T;B T|C T|T float32,float64|metric s!
ms.CausalConvWithState 1|input T;weight T;bias? T;past_state? T|output T;present_state T|T float32,float16,bfloat16|activation s=none;channels_last i=0;ndim i=1;state_window i=0
ms.ComplexMul 1|A T;B T|C T|T float32,float64,float16|
ms.ComplexMulConj 1|A T;B T|C T|T float32,float64,float16|
ms.ConvTransposeWithDynamicPads 1|X T;W T;Pads? T2;B? T|Y T|T float16,float32,float64;T2 int64|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;output_padding is;strides is
ms.CropAndResize 1|X T1;rois T1;batch_indices T2;crop_size T2|Y T1|T1 float16,float32,float64;T2 int32|extrapolation_value f=0.0;mode s=bilinear
ms.DecoderMaskedMultiHeadAttention 1|query T;key? T;value? T;mask_index? M;attention_bias? T;past_key? T;past_value? T;past_sequence_length? M;beam_width? M;cache_indirection? M;bias? T|output T;present_key? T;present_value? T;qk? QK|T float32,float16;QK float32,float16;M int32|mask_filter_value f;num_heads i!;output_qk i=0;past_present_share_buffer i;scale f
ms.DecoderMaskedSelfAttention 1|input T;weights T;bias T;mask_index? M;past T;attention_bias? T;past_sequence_length M;beam_width? M;cache_indirection? M|output T;present T|T float32,float16;M int32|do_rotary i=0;mask_filter_value f;num_heads i!;past_present_share_buffer i;scale f
ms.DequantizeLinear 1|x T1;x_scale T2;x_zero_point? T1|y T2|T1 int8,uint8,int16,uint16,int32,int4,uint4;T2 float16,float32|axis i;block_size i=0
ms.DynamicQuantizeLSTM 1|X T;W T2;R T2;B? T;sequence_lens? T1;initial_h? T;initial_c? T;P? T;W_scale T;W_zero_point T2;R_scale T;R_zero_point T2|Y? T;Y_h? T;Y_c? T|T float32;T1 int32;T2 uint8,int8|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;input_forget i=0
ms.DynamicQuantizeMatMul 1|A T1;B T2;b_scale T1;b_zero_point? T2;bias? T1|Y T1|T1 float32;T2 int8,uint8|
ms.EmbedLayerNormalization 1|input_ids T1;segment_ids? T1;word_embedding T;position_embedding T;segment_embedding? T;gamma T;beta T;mask? T1;position_ids? T1|output T;mask_index? T1;embedding_sum? T|T1 int32;T float32,float16|epsilon f=1e-05;mask_index_type i=0
ms.ExpandDims 1|X T;axis int32|Y T|T any|
ms.FastGelu 1|X T;bias? T|Y T|T float32,float64,float16,bfloat16|
ms.FusedConv 1|X T;W T;B? T;Z? T|Y T|T float16,float32,float64|activation s;activation_params fs;auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ms.FusedGemm 1|A T;B T;C? T|Y T|T float16,float32,float64,uint32,uint64,int32,int64|activation s;activation_alpha f;activation_beta f;activation_gamma f;alpha f=1.0;beta f=1.0;transA i=0;transB i=0
ms.FusedMatMul 1|A T;B T|Y T|T float16,float32,float64,bfloat16|alpha f=1.0;transA i=0;transB i=0;transBatchA i=0;transBatchB i=0
ms.FusedMatMulActivation 1|A T;B T|Y T|T float16,float32,float64,bfloat16|activation s!;activation_alpha f;activation_axis i;activation_beta f;activation_gamma f;alpha f=1.0;transA i=0;transB i=0;transBatchA i=0;transBatchB i=0
ms.GatedRelativePositionBias 1|query_layer T;query_bias T;rel_pos T;weight T;bias T;eco_a T;token_offset? M|output T|T float32,float16;M int32|num_heads i!
ms.GatherBlockQuantized 1|data T1;indices Tind;scales T2;zero_points? T1|output T2|T1 int4,uint4,uint8,float8e4m3fn,float8e4m3fnuz,float8e5m2,float8e5m2fnuz,float4e2m1;T2 float32,float16,bfloat16;Tind int32,int64|bits i=4;block_size i=128;gather_axis i=0;quantize_axis i=1
ms.GatherND 1|data T;indices Tind|output T|T any;Tind int32,int64|
ms.Gelu 1|X T|Y T|T float16,float32,float64,bfloat16|
ms.GemmFloat8 1|A TA;B TB;C? TC;scaleA? TS;scaleB? TS;scaleY? TS|Y TR|TA float8e4m3fn,float8e5m2,float16,bfloat16,float32;TB float8e4m3fn,float8e5m2,float16,bfloat16,float32;TC float16,bfloat16,float32;TR float8e4m3fn,float8e5m2,float16,bfloat16,float32;TS float32|activation s;alpha f=1.0;beta f=0.0;dtype i=1;transA i=0;transB i=0
ms.GridSample 1|X T1;Grid T1|Y T2|T1 any;T2 any|align_corners i=0;mode s=bilinear;padding_mode s=zeros
ms.GroupNorm 1|X T;gamma M;beta M|Y T|T float16,float32;M float16,float32|activation i!;channels_last i=1;epsilon f=1e-05;groups i!
ms.GroupQueryAttention 1|query T;key? T;value? T;past_key? T_CACHE;past_value? T_CACHE;seqlens_k M;total_sequence_length M;cos_cache? T;sin_cache? T;position_ids? int64;attention_bias? T;head_sink? T;k_scale? T_KV_SCALE;v_scale? T_KV_SCALE;q_norm_weight? T;k_norm_weight? T|output T;present_key? T_CACHE;present_value? T_CACHE;output_qk? T|T float16,bfloat16,float32;T_CACHE float16,bfloat16,float32,uint8,int8,float8e4m3fn;T_KV_SCALE float32;M int32|causal i=1;do_rotary i=0;k_quant_type s=NONE;kv_cache_bit_width i;kv_num_heads i!;local_window_size i=-1;num_heads i!;qk_norm_epsilon f=1e-06;qk_output i=0;rotary_interleaved i=0;scale f;sliding_window_cache i=0;smooth_softmax i=-1;softcap f;v_quant_type s=NONE
ms.Inverse 1|X T|Y T|T float16,float32,float64|
ms.Irfft 1|X T|Y T|T float32,float64,float16|normalized i=0;onesided i=0;signal_ndim i!
ms.LinearAttention 1|query T;key T;value T;past_state? S;decay? T;beta? T|output T;present_state S|T float32,float16,bfloat16;S float32,float16,bfloat16|chunk_size i=64;kv_num_heads i!;q_num_heads i!;scale f=0.0;state_window i=0;update_rule s=gated_delta
ms.LongformerAttention 1|input T;weight T;bias T;mask T;global_weight T;global_bias T;global G|output T|T float32,float16;G int32|num_heads i!;window i!
ms.MatMulBnb4 1|A T1;B T2;absmax T1|Y T1|T1 float32,float16,bfloat16;T2 uint8|K i!;N i!;block_size i!;quant_type i!;training_mode i=0;transB i=1
ms.MatMulFpQ4 1|A T1;B T2;B_shape T3|Y T1|T1 float32;T2 uint8;T3 int64|blk_quant_type i=1
ms.MatMulInteger16 1|A T1;B T2|Y T3|T1 int16,uint16;T2 int16,uint16;T3 int32|
ms.MatMulIntegerToFloat 1|A T1;B T2;a_scale T3;b_scale T3;a_zero_point? T1;b_zero_point? T2;bias? T3|Y T3|T1 int8,uint8;T2 int8,uint8;T3 float32,float16|
ms.MatMulNBits 1|A T1;B T2;scales T1;zero_points? T3;g_idx? T4;bias? T1|Y T1|T1 float32,float16,bfloat16;T2 uint8;T3 uint8,float32,float16,bfloat16;T4 int32|K i!;N i!;accuracy_level i=0;bits i=4;block_size i!;weight_prepacked i=0
ms.MaxpoolWithMask 1|X T;M int32|Y T|T float32|auto_pad s=NOTSET;kernel_shape is;pads is;storage_order i=0;strides is
ms.MoE 1|input T;router_probs T;fc1_experts_weights T;fc1_experts_bias? T;fc2_experts_weights T;fc2_experts_bias? T;fc3_experts_weights? T;fc3_experts_bias? T|output T|T float32,float16,bfloat16|activation_type s=relu;k i=1;normalize_routing_weights i=0;swiglu_fusion i=0;use_sparse_mixer i=0
ms.MulInteger 1|A T;A_zero_point? T;B T;B_zero_point? T|C T1|T int8,uint8;T1 int32|
ms.MultiHeadAttention 1|query T;key? T;value? T;bias? T;key_padding_mask? M;attention_bias? T;past_key? T;past_value? T;past_sequence_length? M;cache_indirection? M|output T;present_key? T;present_value? T;qk? QK|T float32,float16,bfloat16;QK float32,float16,bfloat16;M int32|mask_filter_value f;num_heads i!;output_qk i=0;scale f;unidirectional i=0
ms.NhwcConv 1|X T;W T;B? T|Y T|T float16,float32,float64|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ms.NhwcFusedConv 1|X T;W T;B? T;Z? T|Y T|T float16|activation s;activation_params fs;auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ms.NhwcMaxPool 1|x T|y T|T int8,uint8|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;pads is;strides is
ms.PackedAttention 1|input T;weights T;bias T;token_offset M;cumulative_sequence_length M;attention_bias? T|output T|T float32,float16;M int32|num_heads i!;qkv_hidden_sizes is;scale f
ms.PackedMultiHeadAttention 1|query T;key? T;value? T;bias? T;token_offset M;cumulative_sequence_length M;attention_bias? T|output T|T float32,float16;M int32|mask_filter_value f;num_heads i!;scale f
ms.Pad 1|data T;pads int64;value? T|output T|T float16,float32,float64|mode s=constant
ms.QAttention 1|input T1;weight T2;bias T3;input_scale T3;weight_scale T3;mask_index? T4;input_zero_point? T1;weight_zero_point? T2;past? T3|output T3;present? T3|T1 int8,uint8;T2 int8,uint8;T3 float32,float16;T4 int32|do_rotary i=0;mask_filter_value f;num_heads i!;past_present_share_buffer i;scale f;unidirectional i=0
ms.QEmbedLayerNormalization 1|input_ids T1;segment_ids? T1;word_embedding_quant T2;position_embedding_quant T2;segment_embedding? T2;gamma_quant T2;beta_quant T2;mask? T1;word_embedding_scale T;position_embedding_scale T;segment_embedding_scale? T;gamma_scale T;beta_scale T;word_embedding_zero_point T2;position_embedding_zero_point T2;segment_embedding_zero_point? T2;gamma_zero_point T2;beta_zero_point T2|layernorm_out T;mask_index_out T1|T1 int32;T2 int8,uint8;T float32|epsilon f=1e-05
ms.QGemm 1|A TA;a_scale T;a_zero_point TA;B TB;b_scale T;b_zero_point TB;C? TC;y_scale? T;y_zero_point? TYZ|Y TY|T float32;TA uint8,int8;TB uint8,int8;TC int32;TYZ uint8,int8;TY float32,uint8,int8|alpha f=1.0;transA i=0;transB i=0
ms.QLinearAdd 1|A T;A_scale float32;A_zero_point? T;B T;B_scale float32;B_zero_point? T;C_scale float32;C_zero_point? T|C T|T uint8,int8|
ms.QLinearAveragePool 1|X T;x_scale float32;x_zero_point? T;y_scale float32;y_zero_point? T|Y T|T uint8,int8|auto_pad s=NOTSET;ceil_mode i=0;channels_last i=0;count_include_pad i=0;kernel_shape is!;pads is;strides is
ms.QLinearConcat 1|Y_scale TF;Y_zero_point T8;inputs% TV|Y T8|T8 uint8,int8;TF float32;TV uint8,int8,float32|axis i!
ms.QLinearConv 1|x T1;x_scale float32;x_zero_point T1;w T2;w_scale float32;w_zero_point T2;y_scale float32;y_zero_point T3;B? T4|y T3|T1 int8,uint8;T2 int8,uint8;T3 int8,uint8;T4 int32|auto_pad s=NOTSET;channels_last i=0;dilations is;group i=1;kernel_shape is;pads is;strides is
ms.QLinearGlobalAveragePool 1|X T;x_scale float32;x_zero_point T;y_scale float32;y_zero_point T|Y T|T uint8,int8|channels_last i=0
ms.QLinearLeakyRelu 1|X T;X_scale float32;X_zero_point? T;Y_scale float32;Y_zero_point? T|Y T|T uint8,int8|alpha f=0.01
ms.QLinearMul 1|A T;A_scale float32;A_zero_point? T;B T;B_scale float32;B_zero_point? T;C_scale float32;C_zero_point? T|C T|T uint8,int8|
ms.QLinearReduceMean 1|data T;data_scale float32;data_zero_point? T;reduced_scale float32;reduced_zero_point? T|reduced T|T uint8,int8|axes is!;keepdims i!
ms.QLinearSigmoid 1|X T;X_scale float32;X_zero_point? T;Y_scale float32;Y_zero_point? T|Y T|T uint8,int8|
ms.QLinearSoftmax 1|X T;X_scale float32;x_zero_point? T;y_scale float32;y_zero_point T|Y T|T uint8,int8|axis i=-1;opset i!
ms.QLinearWhere 1|condition B;X T;x_scale TF;x_zero_point T;Y T;y_scale TF;y_zero_point T;z_scale TF;z_zero_point T|Z T|B bool;TF float32;T uint8,int8|
ms.QMoE 1|input T;router_probs T;fc1_experts_weights T1;fc1_scales? T2;fc1_experts_bias? T;fc2_experts_weights T1;fc2_scales? T2;fc2_experts_bias? T;fc3_experts_weights? T1;fc3_scales? T2;fc3_experts_bias? T;fc1_zero_points? T1;fc2_zero_points? T1;fc3_zero_points? T1|output T|T float32,float16,bfloat16;T1 uint8;T2 float32,float16,bfloat16|activation_type s=relu;block_size i;expert_weight_bits i=4;k i=1;normalize_routing_weights i=0;swiglu_fusion i=0;use_sparse_mixer i=0
ms.QOrderedMatMul 1|A Q;scale_A S;B Q;scale_B S;scale_Y S;bias? S;C? Q;scale_C? S|Y Q|Q int8;S float32|order_A i!;order_B i!;order_Y i!
ms.QuantizeLinear 1|x T1;y_scale T1;y_zero_point? T2|y T2|T1 float16,float32;T2 int8,uint8,int16,uint16,int4,uint4|axis i;block_size i=0
ms.QuickGelu 1|X T|Y T|T float16,float32,float64,bfloat16|alpha f=1.702
ms.Range 1|start T;limit T;delta? T|Y T|T float32,float64,int16,int32,int64|
ms.ReduceSumInteger 1|data T1|reduced T2|T1 int8,uint8;T2 int32,uint32|axes is!;keepdims i!
ms.RelativePositionBias 1|bias_table T;query_length U;key_length U|output T|T float32,float16;U int64|is_bidirectional i=0;max_distance i!
ms.RemovePadding 1|input T;sequence_token_count M|output T;token_offset M;cumulated_seq_len M;max_seq_len M|T float32,float16;M int32|
ms.RestorePadding 1|input T;token_offset M|output T|T float32,float16;M int32|
ms.Rfft 1|X T|Y T|T float32,float64,float16|normalized i=0;onesided i=1;signal_ndim i!
ms.RotaryEmbedding 1|input T;position_ids M;cos_cache T;sin_cache T|output T|T float32,float16,bfloat16;M int64|interleaved i=0;is_packed_batching i=0;num_heads i=0;rotary_embedding_dim i=0;scale f=1.0
ms.SampleOp 1|X T|Y T|T float32,uint32,uint64,int32,int64,float16,float64|
ms.SkipGroupNorm 1|X T;gamma M;beta M;skip T;bias? T|Y T;S? T|T float16,float32;M float16,float32|activation i!;channels_last i=1;epsilon f=1e-05;groups i!
ms.SkipLayerNormalization 1|input T;skip T;gamma T;beta? T;bias? T|output T;mean? U;inv_std_var? U;input_skip_bias_sum? T|T float32,float16,bfloat16;U float32|epsilon f=1e-12
ms.SkipSimplifiedLayerNormalization 1|input T;skip T;gamma T;bias? T|output T;mean? U;inv_std_var? U;input_skip_bias_sum? T|T float32,float16,bfloat16;U float32|epsilon f=1e-05
ms.SparseAttention 1|query T;key? T;value? T;past_key T;past_value T;block_row_indices M;block_col_indices M;total_sequence_length M;key_total_sequence_lengths M;cos_cache? T;sin_cache? T|output T;present_key T;present_value T|T float32,float16,bfloat16;M int32|do_rotary i=0;kv_num_heads i!;num_heads i!;rotary_interleaved i=0;scale f;sparse_block_size i!
ms.SparseToDenseMatMul 1|A T;B T1|Y T1|T sparse_tensor(float32),sparse_tensor(float64),sparse_tensor(int64),sparse_tensor(int32),sparse_tensor(uint64),sparse_tensor(uint32);T1 float32,float64,int64,int32,uint64,uint32|alpha f=1.0;transA i=0;transB i=0
ms.Tokenizer 1|X T|Y T|T string|mark i!;mincharnum i!;pad_value s!;separators ss;tokenexp s
ms.TransposeMatMul 1|A T;B T|Y T|T float16,float32,float64,bfloat16|alpha f=1.0;transA i=0;transB i=0
ms.Trilu 1|X T;k? int64|Y T|T any|upper i=1
ms.UnfoldTensor 1|input T|output T|T any|dim i=-1;size i!;step i=1
ms.Unique 1|x T|y T;idx int64;counts int64|T float32|
ms.WhisperBeamSearch 1|input_ids F;max_length I;min_length? I;num_beams I;num_return_sequences I;length_penalty? T;repetition_penalty? T|sequences I;sequences_scores? T|T float32,float16;F float32,int32,float16;I int32|decoder_start_token_id i=-1;eos_token_id i!;model_type i=2;pad_token_id i!
ms.WordConvEmbedding 1|Sequence T;W T1;B T1;C T1|Y T1|T int32;T1 float32|char_embedding_size i;conv_window_size i;embedding_size i
`;
