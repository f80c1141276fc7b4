// What node types there are. Fetched once a line, and again when the host says it changed.
import { create } from 'zustand'
import type { Catalogue } from '../../../engine/graph/catalogue.ts'
import { host, reason } from '../host/connection.ts'
import { toastError } from './toasts.ts'

export const useCatalogue = create<{ types: Catalogue; loaded: boolean }>(() => ({
  types: {},
  loaded: false,
}))

/** Resolves once node types are there: a workflow read without them would lose its values. */
export const catalogueLoaded = (): Promise<void> =>
  new Promise(resolve => {
    if (useCatalogue.getState().loaded) return resolve()
    const stop = useCatalogue.subscribe(({ loaded }) => {
      if (!loaded) return
      stop()
      resolve()
    })
  })

export async function loadCatalogue() {
  try {
    useCatalogue.setState({ types: await host.catalogue(), loaded: true })
  } catch (error) {
    toastError(`The list of nodes did not arrive. ${reason(error)}`)
  }
}
