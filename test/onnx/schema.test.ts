import { describe, expect, it } from 'vitest';
import { schemaOf } from '../../src/onnx/schemas/schema.js';

describe('operator schemas', () => {
  it('gives the newest version that is not newer than the operator set', () => {
    expect(schemaOf('ReduceSum', '', 12)?.since).toBe(11);
    expect(schemaOf('ReduceSum', '', 17)?.since).toBe(13);
    expect(schemaOf('Attention', '', 22)).toBeUndefined();
    expect(schemaOf('Attention', '', 24)?.since).toBe(24);
    expect(schemaOf('Nothing', '', 26)).toBeUndefined();
    expect(schemaOf('Conv', 'org.example', 1)).toBeUndefined();
  });

  it('tells optional, variadic and heterogeneous inputs', () => {
    const conv = schemaOf('Conv', '', 11);
    expect(conv?.inputs.map(({ name, isOptional }) => [name, isOptional])).toEqual([
      ['X', false],
      ['W', false],
      ['B', true],
    ]);
    expect(schemaOf('Concat', '', 13)?.inputs[0]).toMatchObject({ isVariadic: true, isHeterogeneous: false });
    expect(schemaOf('Loop', '', 13)?.inputs.at(-1)).toMatchObject({ isVariadic: true, isHeterogeneous: true });
  });

  it('tells the types that a variable may stand for', () => {
    const types = schemaOf('Softmax', '', 13)?.typeConstraints.get('T');
    expect([...(types ?? [])].sort()).toEqual(['bfloat16', 'float16', 'float32', 'float64']);
    expect(schemaOf('Softmax', '', 12)?.typeConstraints.get('T')).not.toContain('bfloat16');
    expect(schemaOf('SequenceAt', '', 11)?.typeConstraints.get('S')).toContain('seq(float32)');
    expect(schemaOf('ZipMap', 'ai.onnx.ml', 3)?.typeConstraints.get('T')).toContain('seq(map(string,float32))');
  });

  it('gives attributes with their defaults', () => {
    const { attributes } = schemaOf('LayerNormalization', '', 17) as NonNullable<ReturnType<typeof schemaOf>>;
    expect(attributes.get('axis')).toEqual({ type: 'int', isRequired: false, default: -1 });
    expect(attributes.get('epsilon')).toEqual({ type: 'float', isRequired: false, default: 1e-5 });
    expect(schemaOf('Cast', '', 13)?.attributes.get('to')).toEqual({
      type: 'int',
      isRequired: true,
      default: undefined,
    });
    expect(schemaOf('LSTM', '', 14)?.attributes.get('direction')?.default).toBe('forward');
    expect(schemaOf('RNN', '', 14)?.attributes.get('activations')?.default).toEqual(['Tanh', 'Tanh']);
  });

  it('keeps the signature of what an operator set withdraws', () => {
    expect(schemaOf('Upsample', '', 10)).toMatchObject({ isDeprecated: true, since: 10 });
    expect(schemaOf('Upsample', '', 10)?.inputs).toHaveLength(2);
    expect(schemaOf('GroupNormalization', '', 18)?.inputs.map(({ name }) => name)).toEqual(['X', 'scale', 'bias']);
  });

  it("knows the runtime's own operators", () => {
    expect(schemaOf('MultiHeadAttention', 'com.microsoft', 1)?.inputs[0]?.name).toBe('query');
    expect(schemaOf('MatMulNBits', 'com.microsoft', 1)?.attributes.get('bits')?.default).toBe(4);
    expect(schemaOf('SimplifiedLayerNormalization', '', 17)?.since).toBe(1);
  });
});
