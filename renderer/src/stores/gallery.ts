// The pictures that were made, newest first, fetched page by page.
import { create } from 'zustand'
import type { Output } from '../../../engine/api/contract.ts'
import { host, reason } from '../host/connection.ts'
import { toast, toastError } from './toasts.ts'

interface Gallery {
  outputs: Output[]
  total: number
  search: string
  loading: boolean
  loaded: boolean
  selected: ReadonlySet<number>
  /** The one that is seen large. */
  open?: number
  scrollTop: number
}

const pageSize = 120

export const useGallery = create<Gallery>(() => ({
  outputs: [],
  total: 0,
  search: '',
  loading: false,
  loaded: false,
  selected: new Set(),
  scrollTop: 0,
}))

const { getState, setState } = useGallery
let asked = 0

/** Fetches the first page again, as after a new line or another search. */
export async function loadGallery(search = getState().search) {
  const question = ++asked
  setState({ loading: true, search })
  try {
    const { outputs, total } = await host.outputs.list({
      limit: pageSize,
      search: search.trim() || undefined,
    })
    if (question === asked) setState({ outputs, total, loading: false, loaded: true })
  } catch (error) {
    if (question !== asked) return
    setState({ loading: false })
    toastError(`The gallery did not arrive. ${reason(error)}`)
  }
}

export async function loadMore() {
  const { outputs, total, loading, search } = getState()
  const last = outputs.at(-1)
  if (loading || !last || outputs.length >= total) return
  const question = ++asked
  setState({ loading: true })
  try {
    const page = await host.outputs.list({
      before: last.id,
      limit: pageSize,
      search: search.trim() || undefined,
    })
    if (question !== asked) return
    const known = new Set(getState().outputs.map(output => output.id))
    const fresh = page.outputs.filter(output => !known.has(output.id))
    setState(state => ({
      outputs: [...state.outputs, ...fresh],
      total: fresh.length ? page.total : state.outputs.length,
      loading: false,
    }))
  } catch (error) {
    if (question !== asked) return
    setState({ loading: false })
    toastError(`More pictures did not arrive. ${reason(error)}`)
  }
}

export function takeOutput(output: Output) {
  const { search, outputs, total } = getState()
  if (search.trim()) {
    void loadGallery()
  } else if (!outputs.some(known => known.id === output.id)) {
    setState({ outputs: [output, ...outputs], total: total + 1 })
  }
}

export function forgetOutputs(ids: readonly number[]) {
  const gone = new Set(ids)
  setState(state => {
    const outputs = state.outputs.filter(output => !gone.has(output.id))
    const at = state.outputs.findIndex(output => output.id === state.open)
    const open =
      state.open !== undefined && gone.has(state.open)
        ? outputs[Math.min(at, outputs.length - 1)]?.id
        : state.open
    return {
      outputs,
      total: state.total - (state.outputs.length - outputs.length),
      selected: new Set([...state.selected].filter(id => !gone.has(id))),
      open,
    }
  })
}

export async function removeOutputs(ids: number[]) {
  try {
    await host.outputs.remove({ ids })
    forgetOutputs(ids)
    toast(ids.length === 1 ? 'Picture deleted' : `${ids.length} pictures deleted`, {
      action: { label: 'Undo', perform: () => void restoreOutputs(ids) },
    })
  } catch (error) {
    toastError(`Not deleted. ${reason(error)}`)
  }
}

async function restoreOutputs(ids: number[]) {
  try {
    await host.outputs.restore({ ids })
    await loadGallery()
  } catch (error) {
    toastError(`Not brought back. ${reason(error)}`)
  }
}
