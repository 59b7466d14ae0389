"""Stand-in for pulumi-resource-tls: keys and certificates, made by the same cryptography that reads them."""
