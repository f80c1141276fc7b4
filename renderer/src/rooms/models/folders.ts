// The folders of a models folder, as ComfyUI lays them out, in words.

const about: Record<string, string> = {
  checkpoints: 'Whole models: picture network, text encoder and VAE in one file',
  loras: 'Small additions to a model: a style, a subject',
  vae: 'Turns latents into pictures and back',
  upscale_models: 'Make pictures larger: ESRGAN and its kin',
  controlnet: 'Steer a picture by lines, depth or pose',
  embeddings: 'Words that a text encoder learnt',
  clip: 'Text encoders',
  text_encoders: 'Text encoders',
  clip_vision: 'Picture encoders',
  diffusion_models: 'Picture networks alone',
  unet: 'Picture networks alone',
  onnx: 'Ready-made ONNX networks: segmentation, safety, pose',
}

export const folderOrder = [
  'checkpoints',
  'loras',
  'vae',
  'upscale_models',
  'controlnet',
  'embeddings',
  'clip',
  'diffusion_models',
]

export const folderAbout = (folder: string): string => about[folder] ?? ''
