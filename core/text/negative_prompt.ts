/**
 * What a video should not look like, unless a job says otherwise.
 *
 * @module
 */

/**
 * The negative prompt that the model was tuned with: Wan2.1's, with ATI's
 * "镜头晃动" (camera shake) before it (shared_config.py, wan_i2v_14B.py:13).
 * An empty negative prompt means this one, as in the original.
 *
 * In English: camera shake, garish colors, overexposure, stillness, blurred
 * details, subtitles, style, artwork, painting, image, standing still, gray
 * overall, worst quality, low quality, JPEG artefacts, ugly, incomplete,
 * superfluous fingers, badly drawn hands, badly drawn faces, deformed,
 * disfigured, misshapen limbs, fused fingers, a frozen image, a messy
 * background, three legs, many people in the background, walking backwards.
 */
export const DEFAULT_NEGATIVE_PROMPT: string = "镜头晃动，" +
  "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，" +
  "整体发灰，最差质量，低质量，JPEG压缩残留，丑陋的，残缺的，多余的手指，" +
  "画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，" +
  "静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走";
