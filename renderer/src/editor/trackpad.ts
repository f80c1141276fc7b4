// Mice and trackpads both send wheel events. On a trackpad two fingers pan and a pinch zooms; a
// mouse's wheel zooms. The kind of device shows in the events themselves.
import type { WheelEvent } from 'react'
import { useCanvas } from './canvas-state.ts'

type Wheel = Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode' | 'ctrlKey'>

/** Undefined: this event does not tell. */
export function looksLikeTrackpad({
  deltaX,
  deltaY,
  deltaMode,
  ctrlKey,
}: Wheel): boolean | undefined {
  if (ctrlKey) return undefined
  if (deltaMode !== 0) return false
  if (deltaX !== 0 && deltaY !== 0) return true
  const size = Math.abs(deltaX || deltaY)
  if (size === 0) return undefined
  if (size >= 80 && Number.isInteger(size)) return false
  return size < 40 ? true : undefined
}

export function followWheel(event: WheelEvent) {
  const trackpad = looksLikeTrackpad(event)
  if (trackpad !== undefined && trackpad !== useCanvas.getState().trackpad) {
    useCanvas.setState({ trackpad })
  }
}
