// ComfyUI stores widget values by position; we store them by name. This file knows which name
// stands at which position: from the catalogue, from what the file itself says, or by guessing.
import {
  type Catalogue,
  descriptionOf,
  hasControl,
  hasWidget,
  type InputDescription,
  type NodeDescription,
} from './catalogue.ts'
import { notesOf } from './comfy-form.ts'
import type { GraphNode, SeedControl } from './document.ts'
import { activeInputs } from './dynamic-inputs.ts'
import { isNumber, isObject, type Json, type JsonObject } from './json.ts'

/** Stands in a layout for the control of the widget before it. ComfyUI's own name for it. */
export const controlWidget = 'control_after_generate'

/** The button that follows a picture's name; files hold the word "image" for it. */
const uploadWidget = 'upload'

const controlValues = new Set(['fixed', 'increment', 'decrement', 'randomize'])

/**
 * Names by position as ComfyUI's page lays this node's widgets out. Which there are depends on what
 * the node's dynamic choices hold.
 */
function widgetNames(
  description: NodeDescription,
  values: Readonly<Record<string, Json>> = {},
): string[] {
  const names = (optional: boolean): string[] =>
    activeInputs(description.inputs, values)
      .filter(input => input.optional === optional && hasWidget(input))
      .flatMap(input => (hasControl(input) ? [input.name, controlWidget] : [input.name]))
  const button = description.inputs.some(takesUpload) ? [uploadWidget] : []
  return [...names(false), ...button, ...names(true), ...(pageWidgets[description.type] ?? [])]
}

/** The same for values that stand by position: the choices among them are read first. */
export function widgetNamesAt(description: NodeDescription, positional: Json[]): string[] {
  const choosers = new Set(description.inputs.flatMap(({ when }) => when?.input ?? []))
  const values: Record<string, Json> = {}
  for (const chooser of choosers) {
    const value = positional[widgetNames(description, values).indexOf(chooser)]
    if (value !== undefined) values[chooser] = value
  }
  return widgetNames(description, values)
}

function takesUpload({ widget, spec }: InputDescription): boolean {
  const options = spec?.[1]
  return (
    (widget?.kind === 'choice' && widget.upload !== undefined) ||
    (isObject(options) && (options.image_upload === true || options.video_upload === true))
  )
}

/** Widgets that ComfyUI's page adds to a node on its own. Their values do reach the API form. */
export const pageWidgets: Record<string, string[]> = {
  SaveGLB: ['image'],
  Preview3D: ['image'],
}

/** What of `pageWidgets` a node has when its file says nothing. */
export const pageValue = ''

/** Old files hold `true` or `false` for a control. */
export function readControl(value: Json | undefined): SeedControl | undefined {
  if (typeof value === 'boolean') return value ? 'randomize' : 'fixed'
  return typeof value === 'string' && controlValues.has(value) ? (value as SeedControl) : undefined
}

/** A name for a value nothing names. */
const fallbackName = (position: number): string => `widget_${position}`
export const isFallbackName = (name: string): boolean => /^widget_\d+$/.test(name)

/**
 * Names for a file's positional values, one each. Tried in turn: names the file gives, the names
 * known of the type, sockets that stand for widgets, guesses.
 */
export function layoutOf(raw: JsonObject, values: Json[], known: string[] | undefined): string[] {
  const named = isObject(raw.widgets_values_named) ? Object.keys(raw.widgets_values_named) : []
  if (named.length > 0 && named.length === values.length) return named
  if (known) return align(known, values)
  const sockets = align(withControls(socketNames(raw), values), values)
  return sockets.some(isFallbackName) ? guess(values) : sockets
}

/** Lays known names along the values; a control that the file lacks is left out. */
function align(known: string[], values: Json[]): string[] {
  const names: string[] = []
  const complete = values.length >= known.filter(name => name !== uploadWidget).length
  for (const name of known) {
    if (names.length === values.length) break
    const value = values[names.length]
    const present =
      name !== controlWidget ||
      (typeof value === 'boolean' ? complete : readControl(value) !== undefined || value === null)
    if (present) names.push(name)
  }
  return pad(names, values.length)
}

function pad(names: string[], length: number): string[] {
  while (names.length < length) names.push(fallbackName(names.length))
  return names
}

/** A number followed by the word of a control is a seed, whatever its name. */
function guess(values: Json[]): string[] {
  return values.map((value, index) =>
    typeof value === 'string' && controlValues.has(value) && isNumber(values[index - 1])
      ? controlWidget
      : fallbackName(index),
  )
}

function withControls(names: string[], values: Json[]): string[] {
  const layout: string[] = []
  for (const name of names) {
    layout.push(name)
    const next = values[layout.length]
    if (
      typeof next === 'string' &&
      controlValues.has(next) &&
      isNumber(values[layout.length - 1])
    ) {
      layout.push(controlWidget)
    }
  }
  return layout
}

function socketNames(raw: JsonObject): string[] {
  const inputs = Array.isArray(raw.inputs) ? raw.inputs : []
  return inputs.flatMap(input => {
    const widget = isObject(input) ? input.widget : undefined
    return isObject(widget) && typeof widget.name === 'string' ? [widget.name] : []
  })
}

/** Values and controls by name, from values by position. */
export function valuesByName(
  layout: string[],
  values: Json[],
): { values: Record<string, Json>; controls: Record<string, SeedControl> } {
  const byName: Record<string, Json> = {}
  const controls: Record<string, SeedControl> = {}
  layout.forEach((name, index) => {
    const value = values[index] ?? null
    const control = readControl(value)
    if (name !== controlWidget) byName[name] = value
    else if (control) controls[layout[index - 1]!] = control
  })
  return { values: byName, controls }
}

/**
 * The order in which to write a node's values: the file's for as long as it says everything, else
 * the type's, for ComfyUI's page reads by position.
 */
export function layoutFor(node: GraphNode, catalogue: Catalogue): string[] {
  const description = descriptionOf(catalogue, node.type)
  const known = description && widgetNames(description, node.values)
  const stored = notesOf(node.rest).widgets as string[] | undefined
  const gone = new Set(description?.inputs.filter(({ when }) => when).map(({ name }) => name) ?? [])
  for (const name of known ?? []) gone.delete(name)
  const layout = (stored ?? (node.rest ? [] : (known ?? withOwnControls(node)))).filter(
    name => !gone.has(name),
  )
  const missing = Object.keys(node.values).filter(name => !layout.includes(name) && !gone.has(name))
  const controls = layout.filter(name => name === controlWidget).length
  const complete = controls >= Object.keys(node.controls ?? {}).length
  if (missing.length === 0 && (complete || !known)) return layout
  const inOrder = known ? [...known, ...layout.filter(name => !known.includes(name))] : layout
  return [...inOrder, ...missing.filter(name => !inOrder.includes(name))]
}

/** A node whose type nobody describes. */
const withOwnControls = ({ values, controls }: GraphNode): string[] =>
  Object.keys(values).flatMap(name => (controls?.[name] ? [name, controlWidget] : [name]))

/** What stands where a node has no value of its own. */
export const placeholder = (name: string): Json => (name === uploadWidget ? 'image' : null)
