# A worker's lease of a database, and the two connections its tests use.
require "json"
require "net/http"
require "pg"

class Lease
  attr_reader :one, :two

  # The lease ends with this connection to the service: with this process at the latest.
  def initialize(worker)
    service = URI(ENV.fetch("SEEDBED_API"))
    # Net::HTTP drops a connection that was idle for two seconds, unless it is told.
    @service = Net::HTTP.new(service.host, service.port, nil)
    @service.keep_alive_timeout = 86_400
    @service.read_timeout = 660
    @service.max_retries = 0
    @service.start
    # With more workers than slots, the last ones wait here.
    lease = post("/v1/leases", worker: worker, wait_ms: 600_000)
    @url = lease["url"]
    @path = "/v1/leases/#{lease["lease"]}"
    connect
  end

  def mark(test = nil)
    post("#{@path}/marks", test: test)["mark"]
  end

  def rewind(mark, test = nil)
    # What a failed test left open would stand in the way.
    [one, two].each { |connection| connection.exec("ROLLBACK") }
    said = post("#{@path}/rewind", mark: mark, test: test)
    reconnect if said["replaced"]
    raise "set the data up again: #{said["why"]}" if said["marks_lost"]

    said
  end

  def end
    [one, two].each(&:close)
    @service.finish
  end

  private

  def connect
    @one, @two = Array.new(2) { PG.connect(@url).tap { |new| new.set_notice_processor {} } }
  end

  def reconnect
    [one, two].each(&:close)
    connect
  end

  def post(path, body)
    token = { "Authorization" => "Bearer #{ENV.fetch("SEEDBED_TOKEN")}" }
    reply = @service.post(path, body.to_json, token)
    said = JSON.parse(reply.body)
    raise said["error"]["message"] unless reply.code == "200"

    said
  end
end
