import { writeJson } from '../../graph/json.ts'
import { encodeLatent } from '../../sampling/latent-file.ts'
import { defineNode, socket, text, ui } from '../define.ts'

export const saveLatent = defineNode({
  type: 'SaveLatent',
  title: 'SaveLatent',
  category: '_for_testing',
  about: 'Saves latents in the output folder, to go on from them later.',
  inputs: { samples: socket('LATENT'), filename_prefix: text({ default: 'latents/ComfyUI' }) },
  outputs: {},
  hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  outputNode: true,
  async run({ samples, filename_prefix }, { files, prompt, pngInfo }) {
    const texts = { prompt: writeJson(prompt) } as Record<string, string>
    for (const [key, value] of Object.entries(pngInfo)) texts[key] = writeJson(value)
    const bytes = encodeLatent(samples.samples, texts)
    return { [ui]: { latents: [await files.write('output', filename_prefix, 'latent', bytes)] } }
  },
})
