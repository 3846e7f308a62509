"""The video autoencoder: WanVAE of wan/modules/vae.py."""

import torch

from golden import make
from reference import VAE_FILE, checkout, open_wan, video_autoencoder, watch


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    vae = video_autoencoder(wan, run, run.path("ckpt", VAE_FILE))
    run.keep("video.npy", "input video [3,17,H,W] in [-1,1]")
    run.keep("rand_latent.npy", "independent latent [16,2,H/8,W/8]")
    video, latents = run.load("video.npy"), {}
    for frames in (1, 5, 9, 17):
        latents[frames] = vae.encode([video[:, :frames]])[0]
        run.add(f"latent_T{frames}", latents[frames], f"WanVAE.encode of the first {frames} frames, (mu - mean) / std")
    decoded = vae.decode([latents[17]])[0]
    run.add("decoded_T17", decoded, "WanVAE.decode(latent_T17) [3,17,H,W], clamped")
    run.add("rand_decoded", vae.decode([run.load("rand_latent.npy")])[0], "WanVAE.decode(rand_latent) [3,5,H,W]")
    # activations and shapes while 9 frames are encoded and decoded
    net, kept, shapes = vae.model, {}, []
    watch(net.encoder.conv1, kept, "enc_conv1_chunk0")
    watch(net.encoder.middle[0], kept, "enc_mid0_chunk0")
    watch(net.encoder.middle[1], kept, "enc_midattn_chunk0")
    watch(net.conv2, kept, "dec_conv2")
    watch(net.decoder.middle[2], kept, "dec_mid2_chunk0")

    for half in (net.encoder.downsamples, net.decoder.upsamples):
        for name, module in half.named_modules():
            if isinstance(module, wan.vae.Resample):
                prefix = "downsamples" if half is net.encoder.downsamples else "upsamples"
                module.register_forward_hook(
                    lambda m, inputs, output, name=f"{prefix}.{name}": shapes.append([name, m.mode, list(inputs[0].shape[1:]), list(output.shape[1:])]))
    vae.decode([vae.encode([video[:, :9]])[0]])
    for name, value in kept.items():
        run.add("act_" + name, value[0], f"activation {name} while 9 frames are encoded and decoded")
    run.text("state_dict_keys.json", list(torch.load(run.path("ckpt", VAE_FILE), weights_only=True)), "keys of the .pth")
    seven = vae.encode([video[:, :7]])[0]
    run.fact(n_tensors=len(net.state_dict()), mean=vae.mean.tolist(), std=vae.std.tolist(), resample_shapes_encode9_then_decode3=shapes[:18],
             checks=dict(encode_of_7_frames_gives=list(seven.shape), decode_clamped_fraction=float((decoded.abs() >= 1).double().mean())))
    run.fact(checks={**run.facts["checks"], "7_frames_equal_5_frames": bool((seven == latents[5]).all())})


make("vae", compute, function="wan.modules.vae.WanVAE.encode and .decode", reference="bytedance/ATI 168b443", weights="../ckpt (input)",
     tolerance="latents: max abs 3e-5; decoded: max abs 3e-4; act_*: 3e-5 of the largest value")
