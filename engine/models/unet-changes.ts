// What nodes may change inside a UNet beside its weights. A change is data (`UnetChange`); here is
// what it does to the graph. Its numbers are inputs, so other numbers need no other session.
import type { Layers } from '../inference/layers.ts'
import type { Value } from '../inference/onnx-graph.ts'
import type { Ids } from '../inference/session.ts'
import type { Tensor } from '../tensor.ts'
import {
  controlBeforeShrink,
  deepShrinkFeeds,
  installDeepShrink,
  shrinksAt,
} from './deep-shrink.ts'
import { freeUFeeds, installFreeU } from './freeu.ts'
import { hypernetworkFeeds, installHypernetwork } from './hypernetwork.ts'
import { hyperTileFeeds, installHyperTile } from './hypertile.ts'
import type { ControlResiduals, UnetChange } from './kinds.ts'
import { identity } from './recipe.ts'

/** Where changes step in. Each hook may be left out. */
export interface UnetHooks {
  /** The outcome of an input block before and after it is kept to skip. */
  beforeSkip?(h: Value, block: number): Value
  afterSkip?(h: Value, block: number): Value
  /** Before what skipped joins: h of `width` channels, and the skip. */
  join?(h: Value, skip: Value, width: number): readonly [h: Value, skip: Value]
  /** Self-attention of tokens [B,N,C]; `depth` counts how often the picture was halved. */
  selfAttention?(tokens: Value, depth: number, attend: (tokens: Value) => Value): Value
  /** Tokens after it; `place` is the block's key without the UNet's prefix. */
  afterSelfAttention?(h: Value, place: string): Value
  /** What attention makes keys or values of: [B,N,width]. */
  attended?(context: Value, width: number, part: 'k' | 'v'): Value
}

/** Equal keys build equal graphs. */
export function changeKey(change: UnetChange): string {
  switch (change.kind) {
    case 'freeu':
      return `freeu ${change.version}`
    case 'hypertile':
      return `hypertile ${change.maxDepth}`
    case 'deep shrink':
      return `deep shrink ${change.block} ${change.afterSkip} ${change.down} ${change.up}`
    case 'hypernetwork':
      return `hypernetwork ${identity(change.weights)}`
  }
}

/** `name` begins the names of its inputs; `modelChannels` is the width of the first level. */
export function installChange(
  layers: Layers,
  name: string,
  change: UnetChange,
  modelChannels: number,
): UnetHooks {
  switch (change.kind) {
    case 'freeu':
      return installFreeU(layers, name, change.version, modelChannels)
    case 'hypertile':
      return installHyperTile(layers, name, change.maxDepth)
    case 'deep shrink':
      return installDeepShrink(layers, name, change)
    case 'hypernetwork':
      return installHypernetwork(layers.graph, name, change.weights)
  }
}

/** The inputs that `installChange` made, for a latent of this shape [B,C,H,W]. */
export function changeFeeds(
  name: string,
  change: UnetChange,
  shape: readonly number[],
): Record<string, Tensor | Ids> {
  switch (change.kind) {
    case 'freeu':
      return freeUFeeds(name, change)
    case 'hypertile':
      return hyperTileFeeds(name, change, shape)
    case 'deep shrink':
      return deepShrinkFeeds(name, change)
    case 'hypernetwork':
      return hypernetworkFeeds(name, change)
  }
}

/** Those that work at a noise level. Tiles are cut for the whole picture, so not while it is shrunk. */
export function changesAt(
  changes: readonly UnetChange[],
  sigma: number | undefined,
): readonly UnetChange[] {
  const now = changes.filter(change => change.kind !== 'deep shrink' || shrinksAt(change, sigma))
  const shrunk = now.some(({ kind }) => kind === 'deep shrink')
  return shrunk ? now.filter(({ kind }) => kind !== 'hypertile') : now
}

/** What is left of a ControlNet's residuals under a change. */
export const fittingControl = (control: ControlResiduals, change: UnetChange): ControlResiduals =>
  change.kind === 'deep shrink' ? controlBeforeShrink(control, change) : control
