"""Classic models, TorchScript and ONNX, by the Open Inference Protocol v2 over HTTP and gRPC."""
