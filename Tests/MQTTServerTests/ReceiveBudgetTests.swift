#if os(Linux)
    import Testing

    @testable import MQTTServer

    @Suite("How much is received at once")
    struct ReceiveBudgetTests {
        @Test("what takes long is received in smaller pieces, and never in none")
        func shrinks() {
            var budget = ReceiveBudget(largest: 16_384)
            budget.handled(3000, in: 10 * ReceiveBudget.longest)
            #expect(budget.size == 300)
            budget.handled(300, in: .max)
            #expect(budget.size == ReceiveBudget.smallest)
            budget.handled(0, in: .max)
            #expect(budget.size == ReceiveBudget.smallest)
        }

        @Test("what is handled fast is received in ever larger pieces, up to the buffer")
        func grows() {
            var budget = ReceiveBudget(largest: 16_384)
            budget.handled(1, in: .max)
            var sizes = [budget.size]
            while let last = sizes.last, last < budget.largest, sizes.count < 100 {
                budget.handled(last, in: 1000)
                sizes.append(budget.size)
            }
            #expect(sizes == [256, 512, 1024, 2048, 4096, 8192, 16_384])
            budget.handled(16_384, in: 0)
            #expect(budget.size == 16_384)
        }

        @Test("a piece that was not filled says nothing about larger ones")
        func stays() {
            var budget = ReceiveBudget(largest: 16_384)
            budget.handled(16_384, in: 4 * ReceiveBudget.longest)
            #expect(budget.size == 4096)
            budget.handled(100, in: 10)
            budget.handled(4096, in: ReceiveBudget.longest)
            #expect(budget.size == 4096)
        }
    }
#endif
