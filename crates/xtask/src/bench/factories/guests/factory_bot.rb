# factory_bot on Active Record: each record is saved when it is made, in one
# transaction, as in a test.
require 'active_record'
require 'factory_bot'
require 'securerandom'

ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], username: ENV['PGUSER'],
  password: ENV['PGPASSWORD'], database: ENV['PGDATABASE']
)
class Org < ActiveRecord::Base; end
class User < ActiveRecord::Base
  belongs_to :org
end
class Post < ActiveRecord::Base
  belongs_to :user
end
class Comment < ActiveRecord::Base
  belongs_to :post
end

FactoryBot.define do
  factory(:org) { sequence(:name) { |n| "Organisation #{n}" } }
  factory :user do
    org
    sequence(:email) { |n| "user-#{n}@example.test" }
    first_name { 'Ada' }
    last_name { 'Miller' }
    phone { '+15550100' }
    city { 'Springfield' }
  end
  factory :post do
    user
    sequence(:slug) { |n| "post-#{n}" }
    title { 'About gardens' }
    body { 'Gardens are green, and some are not.' }
  end
  factory :comment do
    post
    code { SecureRandom.uuid }
    body { 'I have seen one.' }
  end
end

users, posts, comments = %w[BENCH_USERS BENCH_POSTS BENCH_COMMENTS].map { |name| ENV[name].to_i }
$stdout.sync = true
while $stdin.gets
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  ActiveRecord::Base.transaction do
    org = FactoryBot.create(:org)
    FactoryBot.create_list(:user, users, org: org).each do |user|
      FactoryBot.create_list(:post, posts, user: user).each do |post|
        FactoryBot.create_list(:comment, comments, post: post)
      end
    end
  end
  puts "done #{((Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1e6).to_i}"
end
