import { defineNode, file } from '../define.ts'
import { modelStamp } from '../model-stamp.ts'
import { ModelError } from '../models.ts'

export const checkpointLoaderSimple = defineNode({
  type: 'CheckpointLoaderSimple',
  title: 'Load Checkpoint',
  category: 'loaders',
  about: 'Opens a checkpoint: the network that draws, its text encoder and its VAE.',
  aliases: ['model', 'open'],
  inputs: { ckpt_name: file('checkpoints', { about: 'A file of the checkpoints folder.' }) },
  outputs: { MODEL: 'MODEL', CLIP: 'CLIP', VAE: 'VAE' },
  changed: ({ ckpt_name }, { models }) => modelStamp(models, 'checkpoints', ckpt_name),
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
  // What every object answers, and `then` by which a promise is told from a value, is let through.
  const harmless = (key: string | symbol) =>
    typeof key === 'symbol' || key === 'then' || key in Object.prototype
  return new Proxy({} as T, {
    get(target, key) {
      if (harmless(key)) return Reflect.get(target, key)
      throw new ModelError(`${name} holds no ${part}. ${advice}, or choose another checkpoint.`)
    },
  })
}
