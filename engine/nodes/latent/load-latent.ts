import { statSync } from 'node:fs'
import { readLatent } from '../../sampling/latent-file.ts'
import { defineNode, type Field } from '../define.ts'

const latentFile: Field<string> = {
  type: 'COMBO',
  widget: ({ files }) => {
    const options = files('input').filter(name => name.endsWith('.latent'))
    return { kind: 'choice', default: options[0] ?? null, options, folder: 'input' }
  },
}

export const loadLatent = defineNode({
  type: 'LoadLatent',
  title: 'LoadLatent',
  category: '_for_testing',
  about: 'Opens a .latent file of the input folder.',
  inputs: { latent: latentFile },
  outputs: { LATENT: 'LATENT' },
  changed({ latent }, { files }) {
    if (!latent) return
    const { size, mtimeMs } = statSync(files.resolve(latent))
    return `${size} ${mtimeMs}`
  },
  run: ({ latent }, { files }) => ({ LATENT: { samples: readLatent(files.resolve(latent)) } }),
})
