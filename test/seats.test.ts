import { expect, test } from 'bun:test'
import { createSeats } from '#src/seats'

test('seats are taken and given back, and those of somebody who was stopped are free after a while', () => {
  let at = 0
  const seats = createSeats({ most: 2, forMs: 100, now: () => at })
  const leave = seats.take()
  seats.take()
  expect(seats.take()).toBeUndefined()
  leave?.()
  leave?.()
  expect(seats.take()).toBeDefined()
  expect(seats.take()).toBeUndefined()
  at = 100
  expect(seats.take()).toBeDefined()
  expect(seats.take()).toBeDefined()
  expect(seats.take()).toBeUndefined()
})
