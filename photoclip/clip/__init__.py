"""CLIP in torch: towers, tokenizer, checkpoints, zero-shot classification, and an encoder for a library."""
