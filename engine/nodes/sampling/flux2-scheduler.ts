import { flux2Sigmas } from '../../sampling/sigma-lists.ts'
import { defineNode, int } from '../define.ts'

const side = { default: 1024, min: 16, max: 16384 }

export const flux2Scheduler = defineNode({
  type: 'Flux2Scheduler',
  title: 'Flux2Scheduler',
  category: 'sampling/custom_sampling/schedulers',
  about: 'Noise levels as Flux.2 was made for: by the size of the picture and the number of steps.',
  aliases: ['sigmas', 'flux.2'],
  inputs: {
    steps: int({ default: 20, min: 1, max: 4096 }),
    width: int({ ...side, about: 'In pixels.' }),
    height: int({ ...side, about: 'In pixels.' }),
  },
  outputs: { SIGMAS: 'SIGMAS' },
  run: ({ steps, width, height }) => ({ SIGMAS: flux2Sigmas(steps, width, height) }),
})
