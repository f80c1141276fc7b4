import { defineNode, growing, grown, numbered, socket } from '../define.ts'

export const createList = defineNode({
  type: 'CreateList',
  title: 'Create List',
  category: 'logic',
  about: 'Makes one list of all that is connected. What is a list itself adds its entries.',
  aliases: ['collect', 'array', 'combine'],
  inputIsList: true,
  listOutputs: ['list'],
  inputs: growing('inputs', numbered('input', 50), socket('*')),
  outputs: { list: '*' },
  run: inputs => ({ list: grown<unknown[]>('inputs', inputs).flatMap(([, entries]) => entries) }),
})
