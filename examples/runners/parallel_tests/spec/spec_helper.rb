# One lease for each worker; a mark before each test, a rewind after it. A group whose tests share
# data builds it in `before(:context)`, between two marks of its own.
require_relative "lease"
require_relative "rows"

RSpec.configure do |config|
  config.include Rows
  config.add_setting :database

  # parallel_tests calls its workers "", "2", "3", …
  config.before(:suite) { RSpec.configuration.database = Lease.new(ENV.fetch("TEST_ENV_NUMBER", "")) }
  config.after(:suite) { RSpec.configuration.database&.end }

  config.around do |example|
    mark = database.mark(example.id)
    example.run
    database.rewind(mark, example.id)
  end
end
