import BrokerStore
import Testing
