import { defineNode, int, socket } from '../define.ts'

const far = 1_000_000

export const getItemFromList = defineNode({
  type: 'GetItemFromList',
  title: 'Get Item From List',
  category: 'logic',
  about: 'One entry of a list.',
  aliases: ['index', 'pick', 'element'],
  inputIsList: true,
  inputs: {
    list: socket('*'),
    index: int({ default: 0, min: -far, max: far, about: '0 is the first, -1 the last.' }),
  },
  outputs: { '*': '*' },
  run(inputs) {
    const { list, index } = inputs as unknown as { list: unknown[]; index: number[] }
    const [at = 0] = index
    if (at >= list.length || at < -list.length)
      throw new Error(`The list has ${list.length} entries: there is none at ${at}.`)
    return { '*': list.at(at) }
  },
})
