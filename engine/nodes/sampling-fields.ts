// Inputs that many sampling nodes share.
import { float, int } from './define.ts'

const eta = 'How much of the noise is taken out and drawn anew in each step. 0: none.'
const noise = 'What the noise drawn along the way is multiplied by.'

export const etaField = (max = 100) => float({ default: 1, min: 0, max, step: 0.01, about: eta })
export const noiseField = (max = 100) =>
  float({ default: 1, min: 0, max, step: 0.01, about: noise })

export const stepsField = () => int({ default: 20, min: 1, max: 10000 })
export const denoiseField = (about = 'Below 1 only the end of the schedule is used.') =>
  float({ default: 1, min: 0, max: 1, step: 0.01, about })

export const sigmaMaxField = () =>
  float({ default: 14.614642, min: 0, max: 5000, step: 0.01, about: 'The noise at the start.' })
export const sigmaMinField = () =>
  float({ default: 0.0291675, min: 0, max: 5000, step: 0.01, about: 'The last noise above 0.' })

export const cfgField = (about = 'How closely the prompts are followed.') =>
  float({ default: 8, min: 0, max: 100, step: 0.1, round: 0.01, about })
