import OnnxPasses from 'onnx-passes/webpack';

export default {
  webpack(config) {
    config.plugins.push(new OnnxPasses());
    return config;
  },
};
