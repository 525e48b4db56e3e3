import Certificates
import Testing
