import { defineNode, file } from '../define.ts'
import { ModelError } from '../models.ts'

export const checkpointLoaderSimple = defineNode({
  type: 'CheckpointLoaderSimple',
  title: 'Load Checkpoint',
  category: 'loaders',
  about: 'Opens a checkpoint: the network that draws, its text encoder and its VAE.',
  aliases: ['model', 'open'],
  inputs: { ckpt_name: file('checkpoints', { about: 'A file of the checkpoints folder.' }) },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE' },
  async run({ ckpt_name }, { models }) {
    const { model, clip, vae } = await models.checkpoint(ckpt_name)
    return {
      MODEL: model,
      CLIP: clip ?? missing(ckpt_name, 'text encoder (CLIP)', 'Load a text encoder'),
      VAE: vae ?? missing(ckpt_name, 'VAE', 'Load one with Load VAE'),
    }
  },
})

/** Stands in for a part that the file lacks, and says so as soon as a node asks it for anything. */
function missing<T extends object>(name: string, part: string, advice: string): T {
  const fail = () => {
    throw new ModelError(`${name} holds no ${part}. ${advice}, or choose another checkpoint.`)
  }
  // A promise is told from a value by asking for `then`.
  return new Proxy({} as T, { get: (_, key) => (key === 'then' ? undefined : fail()) })
}
