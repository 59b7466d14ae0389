"""The one set of IPsec parameters that AWS, Alibaba Cloud and Tencent Cloud all offer, each in its own spelling.

IKEv2, AES-256-CBC, SHA-256, Diffie-Hellman group 14 in both phases: the strongest that all three SDKs list. Their
defaults differ (Tencent Cloud's are 3DES and MD5), so both ends of a tunnel are told.
"""

IKE_SECONDS = 28_800  # AWS allows no longer
IPSEC_SECONDS = 3600  # AWS allows no longer
DPD_SECONDS = 30  # after so long without a word from the peer, a tunnel is built anew
KEY_LENGTH = 48  # letters and digits: what every cloud takes (AWS: 8 to 64, not beginning with 0)
ANY = "0.0.0.0/0"  # what a tunnel may carry: routes and security groups say what it does
