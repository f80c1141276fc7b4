import { defineNode, float, socket } from '../define.ts'

const seconds = (preset: number, about: string) =>
  float({ default: preset, min: 0, max: 1000, step: 0.1, about })

export const conditioningStableAudio = defineNode({
  type: 'ConditioningStableAudio',
  title: 'ConditioningStableAudio',
  category: 'conditioning',
  about: 'Tells Stable Audio which stretch of how long a recording it draws.',
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    seconds_start: seconds(0, 'Where the stretch begins in the recording.'),
    seconds_total: seconds(47, 'Length of the recording.'),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run({ positive, negative, seconds_start: secondsStart, seconds_total: secondsTotal }) {
    const told = { secondsStart, secondsTotal }
    return {
      positive: positive.map(item => ({ ...item, ...told })),
      negative: negative.map(item => ({ ...item, ...told })),
    }
  },
})
