"""What the two cases of the video transformer have in common."""

import torch

from reference import watch


def predict(run, model, contexts, times):
    """The model's outputs for every context and time; the activations of the first."""
    x, y, image = run.load("x.npy"), run.load("y.npy"), run.load("clip_fea.npy").float()
    run.keep("x.npy", "latent [16,F,H,W]")
    run.keep("y.npy", "y [20,F,H,W]")
    run.keep("clip_fea.npy", "image features [1,257,clip_dim], float16")
    kept, block = {}, model.blocks[0]
    for name, module in dict(patch_embedding=model.patch_embedding, e0=model.time_projection, text_embedding=model.text_embedding,
                             img_emb=model.img_emb, block0_self_attn=block.self_attn, block0_cross_attn=block.cross_attn,
                             block0=block).items():
        watch(module, kept, name)
    tokens = x[0].numel() // 4
    for c in range(contexts):
        run.keep(f"context{c}.npy", f"text context {c} [L,text_dim]")
        for t in times:
            out = model([x], t=torch.tensor([t]), context=[run.load(f"context{c}.npy")], seq_len=tokens, clip_fea=image, y=[y])[0]
            run.add(f"out_ctx{c}_t{t}", out, f"WanModel.forward [16,F,H,W], context {c}, t={t}, seq_len={tokens}")
    return kept
